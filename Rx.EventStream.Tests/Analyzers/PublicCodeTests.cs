namespace Rx.Tests.Analyzers;

/// <summary>No false alarms on the ways in which public code bases use subjects. Each text is our own, in the shape of code there, with streams in
/// place of subjects.</summary>
internal sealed class PublicCodeTests
{
    /// <summary>reactivemarbles/DynamicData: subjects that live in one subscription, behind locks, with teardown.</summary>
    [Test]
    public Task DynamicData_OperatorsWithSubjectsInside() => Verify.NoneAsync(
        """
        using System;
        using System.Collections.Generic;
        using System.Reactive;
        using System.Reactive.Concurrency;
        using System.Reactive.Disposables;
        using System.Reactive.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using Rx;

        sealed class Pausing<T>(IObservable<T> source, IObservable<bool> pauseIfTrue, bool isPausedFirst, TimeSpan timeout, IScheduler scheduler)
        {
            public IObservable<IReadOnlyList<T>> Run() => Observable.Create<IReadOnlyList<T>>(observer =>
            {
                var gate = new object();
                bool isPaused = isPausedFirst;
                var waiting = new List<T>();
                var timer = new SerialDisposable();
                var timedOut = new EventStream<bool>();
                var states = Observable.Return(isPausedFirst).Concat(pauseIfTrue.Merge(timedOut)).ObserveOn(scheduler).Synchronize(gate).Publish();
                var pause = states.Where(state => state).Subscribe(_ =>
                {
                    isPaused = true;
                    timer.Disposable = Observable.Timer(timeout, scheduler).Select(_ => false).Subscribe(timedOut);
                });
                var resume = states.Where(state => !state).Subscribe(_ =>
                {
                    isPaused = false;
                    observer.OnNext(waiting.ToArray());
                    waiting.Clear();
                });
                var updates = source.Synchronize(gate).Subscribe(value =>
                {
                    if (isPaused)
                    {
                        waiting.Add(value);
                    }
                    else
                    {
                        observer.OnNext(new[] { value });
                    }
                });
                return new CompositeDisposable(states.Connect(), pause, resume, updates, Disposable.Create(() =>
                {
                    timedOut.OnCompleted();
                    timer.Dispose();
                }));
            });
        }

        sealed class Cache<TKey, TItem> : IDisposable
        {
            private readonly EventStream<KeyValuePair<TKey, TItem>> _changes = new(new EventStreamOptions { SingleWriter = true });
            private readonly EventStream<KeyValuePair<TKey, TItem>> _preview = new();
            private readonly Lazy<EventStream<int>> _countChanged = new(() => new EventStream<int>());
            private readonly Dictionary<TKey, TItem> _items = new();
            private readonly object _gate = new();

            public IObservable<int> CountChanged => _countChanged.Value.StartWith(_items.Count).DistinctUntilChanged();

            public void Put(TKey key, TItem item)
            {
                lock (_gate)
                {
                    _items[key] = item;
                    _preview.OnNext(new(key, item));
                    _changes.OnNext(new(key, item));
                    if (_countChanged.IsValueCreated)
                    {
                        _countChanged.Value.OnNext(_items.Count);
                    }
                }
            }

            public IObservable<KeyValuePair<TKey, TItem>> Connect(Func<TItem, bool> filter) => Observable.Defer(() =>
            {
                lock (_gate)
                {
                    return _changes.Where(change => filter(change.Value)).Finally(() => { });
                }
            });

            public void Dispose()
            {
                lock (_gate)
                {
                    _changes.OnCompleted();
                    _preview.OnCompleted();
                }
            }
        }

        static class Stress
        {
            static async Task TwoWriters(int count)
            {
                using var barrier = new Barrier(2);
                using var left = new EventStream<int>(new EventStreamOptions { SingleWriter = true });
                using var right = new EventStream<int>(new EventStreamOptions { SingleWriter = true });
                var first = Task.Run(() => { barrier.SignalAndWait(); for (int i = 0; i < count; i++) { left.OnNext(i); } });
                var second = Task.Run(() => { barrier.SignalAndWait(); for (int i = 0; i < count; i++) { right.OnNext(i); } });
                await Task.WhenAll(first, second);
                left.OnCompleted();
                right.OnCompleted();
            }
        }
        """);

    /// <summary>reactiveui/ReactiveUI: view models, a bus of messages by type, work on the pool and results on the main thread.</summary>
    [Test]
    public Task ReactiveUI_ViewModelsAndABus() => Verify.NoneAsync(
        """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Reactive;
        using System.Reactive.Concurrency;
        using System.Reactive.Disposables;
        using System.Reactive.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using Rx;

        sealed class Bus
        {
            private readonly Dictionary<Type, object> _streams = new();

            public IObservable<T> Listen<T>() => StreamOf<T>().Skip(0).AsObservable();

            public void Send<T>(T message) => StreamOf<T>().OnNext(message);

            public IDisposable Register<T>(IObservable<T> source) => source.Subscribe(StreamOf<T>());

            private EventStream<T> StreamOf<T>()
            {
                lock (_streams)
                {
                    if (!_streams.TryGetValue(typeof(T), out object stream))
                    {
                        _streams.Add(typeof(T), stream = new EventStream<T>(new EventStreamOptions { Scheduler = Scheduler.CurrentThread }));
                    }

                    return (EventStream<T>)stream;
                }
            }
        }

        sealed record RoomEvent(Guid Sender, string Room);

        sealed class Lobby : IDisposable
        {
            private readonly CompositeDisposable _cleanUp = new();
            private readonly EventStream<RoomEvent> _events;
            private readonly EventStream<Unit> _activated = new();
            private readonly EventStream<Exception> _thrown = new();
            private readonly Guid _self = Guid.NewGuid();
            private IReadOnlyList<string> _rooms = [];

            public Lobby(EventStream<RoomEvent> events, IScheduler main, IScheduler pool, Func<Task<string[]>> load)
            {
                _events = events;
                _cleanUp.Add(events.Where(e => e.Sender != _self)
                    .Do(Remember)
                    .Select(_ => Unit.Default)
                    .Throttle(TimeSpan.FromMilliseconds(100), pool)
                    .Select(_ => Snapshot())
                    .ObserveOn(main)
                    .Subscribe(rooms => _rooms = rooms));
                _cleanUp.Add(_activated.SelectMany(async _ => await load()).ObserveOn(main).Subscribe(rooms => _rooms = rooms, _thrown.OnNext));
                _cleanUp.Add(_activated.ObserveOn(pool).Select(_ => Snapshot()).ObserveOn(main).Subscribe(rooms => _rooms = rooms));
                _cleanUp.Add(_thrown.ObserveOn(main).Subscribe(error => Console.WriteLine(error.Message)));
                _cleanUp.Add(main.Schedule(Unit.Default, TimeSpan.FromSeconds(1), (_, _) =>
                {
                    events.OnNext(new RoomEvent(_self, ""));
                    return Disposable.Empty;
                }));
            }

            public IObservable<Exception> ThrownExceptions => _thrown.AsObservable();

            public async Task Activate(CancellationToken token)
            {
                _activated.OnNext(Unit.Default);
                await _activated.WhenCaughtUpAsync(token);
                await Task.Run(() => _activated.OnNext(Unit.Default), token);
            }

            public void Dispose() => _cleanUp.Dispose();

            private void Remember(RoomEvent e) => _rooms = [.. _rooms, e.Room];

            private IReadOnlyList<string> Snapshot() => _rooms.ToArray();
        }
        """);

    /// <summary>bonsai-rx/bonsai: subjects by name for whole workflows, shared by factories, and devices that publish from threads of their own.</summary>
    [Test]
    public Task Bonsai_NamedSubjectsAndDevices() => Verify.NoneAsync(
        """
        using System;
        using System.Collections.Generic;
        using System.Reactive;
        using System.Reactive.Concurrency;
        using System.Reactive.Disposables;
        using System.Reactive.Linq;
        using System.Reactive.Subjects;
        using System.Threading;
        using System.Threading.Tasks;
        using Rx;

        abstract class SubjectBuilder<T>
        {
            public string Name { get; set; }

            protected abstract ISubject<T> CreateSubject();

            public IObservable<T> Process(IObservable<T> source)
            {
                var subject = CreateSubject();
                return Observable.Using(() => source.Subscribe(subject), _ => subject);
            }
        }

        sealed class PublishBuilder<T> : SubjectBuilder<T>
        {
            protected override ISubject<T> CreateSubject() => new EventStream<T>();
        }

        sealed class ReplayBuilder<T> : SubjectBuilder<T>
        {
            public int? BufferSize { get; set; }

            protected override ISubject<T> CreateSubject() => BufferSize is { } size
                ? new EventStream<T>(new EventStreamOptions { Retention = Retention.Count(size), SingleWriter = true })
                : new EventStream<T>(new EventStreamOptions { Retention = Retention.All });
        }

        static class Combinators
        {
            public static IConnectableObservable<T> MulticastReconnectable<T>(this IObservable<T> source) => source.Multicast(new EventStream<T>());

            public static IObservable<T> Inspect<T>(this IObservable<T> source, EventStream<IObservable<T>> watch) => Observable.Create<T>(observer =>
            {
                var seen = new EventStream<T>(new EventStreamOptions { SingleWriter = true });
                watch.OnNext(seen.AsObservable());
                return source.Do(seen).Subscribe(observer);
            });
        }

        sealed class Device
        {
            private readonly EventStream<byte> _received = new(new EventStreamOptions { SingleWriter = true });

            public IObservable<byte> Generate(Func<byte> read) => Observable.Create<byte>((observer, token) => Task.Factory.StartNew(() =>
            {
                while (!token.IsCancellationRequested)
                {
                    _received.OnNext(read());
                }
            }, token, TaskCreationOptions.LongRunning, TaskScheduler.Default)).Merge(_received);

            public IObservable<byte> ObserveOnLoop(EventLoopScheduler loop) => _received.ObserveOn(loop).Where(b => b > 0);

            public IObservable<Timestamped<byte>> Stamped(IScheduler scheduler) => _received.Where(b => b > 0).Timestamp(scheduler).ObserveOn(scheduler);

            public IObservable<IList<byte>> Frames(IScheduler scheduler) => _received.Buffer(16).ObserveOn(scheduler);

            public void Stop()
            {
                var thread = new Thread(() => _received.OnCompleted()) { IsBackground = true };
                thread.Start();
                thread.Join();
            }
        }
        """);
}
