using System.Reactive.Disposables;
using System.Reactive.Linq;
using Rx.Tests.Contract;

namespace Rx.Tests.Operators;

/// <summary>A source that is shared, with a first observer, for races against it.</summary>
internal sealed class SharedSource
{
    private readonly Lock _gate = new();
    private readonly List<IObserver<int>> _observers = [];

    public SharedSource(Func<IObservable<int>, IObservable<int>> share)
    {
        Shared = share(Observable.Create<int>(observer =>
        {
            lock (_gate)
            {
                _observers.Add(observer);
            }

            return Disposable.Create(() =>
            {
                lock (_gate)
                {
                    _observers.Remove(observer);
                }
            });
        }));
        First = Shared.Subscribe();
    }

    public IObservable<int> Shared { get; }

    public IDisposable First { get; }

    public IDisposable? Second { get; set; }

    public RecordingObserver<int> Observer { get; } = new();

    public int Connected
    {
        get
        {
            lock (_gate)
            {
                return _observers.Count;
            }
        }
    }

    public void Publish(int value)
    {
        IObserver<int>[] observers;
        lock (_gate)
        {
            observers = [.. _observers];
        }

        foreach (IObserver<int> observer in observers)
        {
            observer.OnNext(value);
        }
    }
}
