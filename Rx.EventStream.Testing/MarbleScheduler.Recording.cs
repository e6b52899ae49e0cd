using System.Diagnostics;
using System.Reactive;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.CompilerServices;
using Rx.Testing.Checks;
using Rx.Testing.Syntax;
using Rx.Testing.Timing;

namespace Rx.Testing;

public sealed partial class MarbleScheduler
{
    private readonly List<Action> _samples = [];
    private readonly List<Action<Sheet>> _lanes = [];
    private readonly List<Func<string?>> _checks = [];

    /// <summary>Subscribes to an observable, and records what comes.</summary>
    /// <param name="source">The observable.</param>
    /// <param name="subscription">
    /// When to subscribe and unsubscribe, such as <c>"--^---!"</c>. Without <c>^</c>, the observer subscribes in frame 0, or now if the clock
    /// is past frame 0. In its frame, it subscribes before hot sources play.
    /// </param>
    /// <exception cref="FormatException">The subscription has a mistake. The message shows where.</exception>
    /// <exception cref="InvalidOperationException">The scheduler has run past a mark of the subscription.</exception>
    public MarbleRecording<T> Record<T>(IObservable<T> source, string? subscription = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Record(() => source, subscription);
    }

    /// <summary>Makes an observable in the tick in which it subscribes to it, and records what comes.</summary>
    /// <param name="source">Makes the observable.</param>
    /// <param name="subscription">When to subscribe and unsubscribe, as for <see cref="Record{T}(IObservable{T}, string)"/>.</param>
    /// <inheritdoc cref="Record{T}(IObservable{T}, string)"/>
    public MarbleRecording<T> Record<T>(Func<IObservable<T>> source, string? subscription = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        var recording = new MarbleRecording<T>(this);
        Subscribe(source, recording, subscription, Disposable.Empty);
        return recording;
    }

    /// <summary>Subscribes to an observable of observables and to each of these when it comes, and records what comes from all.</summary>
    /// <inheritdoc cref="Record{T}(IObservable{T}, string)"/>
    public MarbleNestedRecording<T> RecordNested<T>(IObservable<IObservable<T>> source, string? subscription = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        var recording = new MarbleNestedRecording<T>(this);
        var inners = new CompositeDisposable();
        IObservable<MarbleRecording<T>> recordings = source.Select(inner =>
        {
            var recorded = new MarbleRecording<T>(this);
            inners.Add(inner.Subscribe(new Recorder<T>(recorded)));
            return recorded;
        });
        Subscribe(() => recordings, recording.Outer, subscription, inners);
        return recording;
    }

    /// <summary>Records how a value changes, such as the lag of a subscription. It is read at the end of each frame in which something ran.</summary>
    /// <param name="name">The name in the text of recordings and failures, which show the value beneath their marbles.</param>
    /// <param name="read">Reads the value.</param>
    public MarbleRecording<T> Track<T>(string name, Func<T> read)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(read);
        var recording = new MarbleRecording<T>(this, name);
        _lanes.Add(sheet => recording.Draw(sheet, name));
        _samples.Add(() =>
        {
            T value = read();

            if (recording.Notifications is not [.., var last] || !EqualityComparer<T>.Default.Equals(last.Notification.Value, value))
            {
                recording.Add(Notification.CreateOnNext(value));
            }
        });
        return recording;
    }

    /// <summary>Subscribes to an observable, and expects what comes to be as the marbles given to <see cref="MarbleExpectation{T}"/>.</summary>
    /// <param name="source">The observable.</param>
    /// <param name="subscription">When to subscribe and unsubscribe, as for <see cref="Record{T}(IObservable{T}, string)"/>.</param>
    /// <param name="name">The name in the text of a failure. The compiler passes the source as it is written.</param>
    /// <inheritdoc cref="Record{T}(IObservable{T}, string)"/>
    public MarbleExpectation<T> Expect<T>(
        IObservable<T> source, string? subscription = null, [CallerArgumentExpression(nameof(source))] string name = "") =>
        new(Record(source, subscription), name);

    /// <summary>Expects a recording to be as the marbles given to <see cref="MarbleExpectation{T}"/>.</summary>
    /// <param name="recording">The recording, of an observable or of a tracked value.</param>
    /// <param name="name">The name in the text of a failure. The compiler passes the recording as it is written.</param>
    /// <exception cref="ArgumentException">The recording is of another scheduler.</exception>
    public MarbleExpectation<T> Expect<T>(MarbleRecording<T> recording, [CallerArgumentExpression(nameof(recording))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(recording);

        if (recording.Scheduler != this)
        {
            throw new ArgumentException("The recording is of another scheduler.", nameof(recording));
        }

        return new MarbleExpectation<T>(recording, name);
    }

    /// <summary>Expects a source's subscriptions to be as the marbles given to <see cref="MarbleSubscriptionExpectation"/>.</summary>
    /// <param name="subscriptions">The <see cref="MarbleSource{T}.Subscriptions"/> of a source.</param>
    /// <param name="name">The name in the text of a failure. The compiler passes the subscriptions as they are written.</param>
    public MarbleSubscriptionExpectation Expect(
        IReadOnlyList<MarbleSubscription> subscriptions, [CallerArgumentExpression(nameof(subscriptions))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(subscriptions);
        return new MarbleSubscriptionExpectation(this, subscriptions, name);
    }

    /// <summary>Subscribes to an observable of observables, and expects what comes to be as the marbles given to <see cref="MarbleNestedExpectation{T}"/>.</summary>
    /// <inheritdoc cref="Expect{T}(IObservable{T}, string, string)"/>
    public MarbleNestedExpectation<T> ExpectNested<T>(
        IObservable<IObservable<T>> source, string? subscription = null, [CallerArgumentExpression(nameof(source))] string name = "") =>
        new(RecordNested(source, subscription), name);

    internal void DrawLanes(Sheet sheet) => _lanes.ForEach(draw => draw(sheet));

    /// <summary>Checks at the end of the run, or at once if that is over.</summary>
    [StackTraceHidden]
    internal void Check(Func<string?> check)
    {
        _checks.Add(check);

        if (_hasStarted && !IsEnabled && !HasWork)
        {
            RunChecks();
        }
    }

    [StackTraceHidden]
    private void RunChecks()
    {
        Func<string?>[] checks = [.. _checks];
        _checks.Clear();
        string[] failures = [.. checks.Select(check => check()).OfType<string>()];

        if (failures.Length > 0)
        {
            throw new MarbleException(string.Join(Environment.NewLine + Environment.NewLine, failures));
        }
    }

    private void Subscribe<T>(Func<IObservable<T>> source, MarbleRecording<T> recording, string? subscription, IDisposable inners)
    {
        IReadOnlyList<Mark> marks = LineParser.Parse(subscription ?? "", LineKind.Subscription, Frame);
        IDisposable? outer = null;

        if (!marks.Any(mark => mark.Symbol == Mark.Subscribe))
        {
            ScheduleAt(Math.Max(0, Clock), SubscribeNow);
        }

        foreach (Mark mark in marks)
        {
            long tick = mark.Frame * Frame.Ticks;
            ThrowIfPast(tick);
            ScheduleAt(tick, mark.Symbol == Mark.Subscribe ? SubscribeNow : Unsubscribe);
        }

        void SubscribeNow() => outer = source().Subscribe(new Recorder<T>(recording));

        void Unsubscribe()
        {
            outer?.Dispose();
            inners.Dispose();
        }
    }

    private void ThrowIfPast(long tick)
    {
        if (_hasStarted && tick < Clock)
        {
            throw new InvalidOperationException(
                $"Frame {Marbles.FrameOf(tick, Frame)} has passed: the clock is in frame {Marbles.FrameOf(Clock, Frame)}.");
        }
    }
}
