using Rx.Tests.Contract;

namespace Rx.Tests.Concurrency;

/// <summary>A reader that is disposed, ends or lags too far at the moment when another thread uses it as it may.</summary>
[TestFixtureSource(typeof(StreamConfiguration), nameof(StreamConfiguration.All))]
internal sealed class ReaderDisposalRaceTests(StreamConfiguration configuration)
{
    private const int Rounds = 1_000;

    [Test]
    public void Dispose_WaitPendingRacesOnNext_EndsTheWaitAndFreesTheEvents() =>
        Race.Run(
            Rounds,
            () => new Reading(configuration, LagPolicy.Unbounded, isWaiting: true),
            state => state.Reader.Dispose(),
            state => state.Stream.OnNextRange([1, 2, 3]),
            state =>
            {
                Exception? error = Reading.ErrorOf(state.Wait!);
                state.Stream.OnNextRange([.. Enumerable.Range(0, 200)]);
                Assert.That(error, Is.Null.Or.TypeOf<ObjectDisposedException>());
                Assert.That(() => state.Reader.TryRead(out _), Throws.TypeOf<ObjectDisposedException>());
                Assert.That(state.Stream.Log.CountSegments(), Is.LessThanOrEqualTo(2));
            });

    [Test]
    public void Completion_FirstAskedRacesDispose_Completes() =>
        Race.Run(
            Rounds,
            () => new Reading(configuration, LagPolicy.Unbounded),
            state => state.Completion = state.Reader.Completion,
            state => state.Reader.Dispose(),
            state => Assert.That(Reading.ErrorOf(state.Completion!), Is.TypeOf<ObjectDisposedException>()));

    [Test]
    public void Completion_FirstAskedRacesTheLastRead_Completes() =>
        Race.Run(
            Rounds,
            () =>
            {
                var state = new Reading(configuration, LagPolicy.Unbounded);
                state.Stream.OnNext(1);
                state.Stream.OnCompleted();
                return state;
            },
            state => state.Completion = state.Reader.Completion,
            state => state.Reader.TryRead(out _),
            state =>
            {
                Assert.That(Reading.ErrorOf(state.Completion!), Is.Null);
                state.Reader.Dispose();
            });

    /// <summary>The last event is read as the stream ends, and neither thread asks how the reader has ended before the stream is
    /// disposed.</summary>
    [Test]
    public void Completion_LastReadRacesTheEnd_TellsTheEndAfterDispose()
    {
        // R (reader): sequence number := after the last;  is that the end?         then notes it
        // P (ends):   end := set;  barrier;               has the reader read all? then notes it
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;
        TightRace.Run(
            10 * Rounds,
            () =>
            {
                stream = configuration.Create<int>();
                reader = stream.OpenReader();
                stream.OnNext(1);
            },
            () =>
            {
                TightRace.DelayStores();
                reader.TryRead(out _);
            },
            () => stream.OnCompleted(),
            () =>
            {
                stream.Dispose();
                TaskStatus status = reader.Completion.Status;
                reader.Dispose();
                return status == TaskStatus.RanToCompletion ? null : $"{status}";
            });
    }

    /// <summary>The disposing thread brings a reader forward that lags too far, as its owner skips to the newest events by itself.</summary>
    [Test, Category("Slow")]
    public void Dispose_StreamRacesAReadThatSkips_TheBoundIsRead([Values(1, 3, 20)] int bound)
    {
        // R (reader):   skips; link cut; window cut?   then looks at its segment once more
        // D (disposes): segment := in the window;      window := cut
        const int Events = 100;
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;
        var read = new List<int>();
        TightRace.Run(
            3 * Rounds,
            () =>
            {
                read.Clear();
                stream = configuration.Create<int>();
                reader = stream.WithLagPolicy(bound == 1 ? LagPolicy.Latest : LagPolicy.DropOldest(bound)).OpenReader();
                stream.OnNextRange([.. Enumerable.Range(0, Events)]);
            },
            () => ReadUntilDisposed(reader, read),
            () => stream.Dispose(),
            () =>
            {
                reader.Dispose();
                return read.SequenceEqual(Enumerable.Range(Events - bound, bound)) ? null : string.Join(' ', read);
            });
    }

    /// <summary>The reader has looked for an event in vain when the event comes, and then the disposal.</summary>
    [Test]
    public void WaitToReadAsync_AnEventAndTheDisposalFollow_TheEventIsRead([Values] bool isBounded)
    {
        // R (reader):   no event;                       disposed? then is there an event now?
        // P (disposes):            publishes; disposes
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;
        var read = new List<int>();
        TightRace.Run(
            20 * Rounds,
            () =>
            {
                read.Clear();
                stream = configuration.Create<int>();
                reader = stream.WithLagPolicy(isBounded ? LagPolicy.DropOldest(3) : LagPolicy.Unbounded).OpenReader();
            },
            () => ReadUntilDisposed(reader, read),
            () =>
            {
                stream.OnNext(1);
                stream.Dispose();
            },
            () =>
            {
                reader.Dispose();
                return read.Count == 1 ? null : $"{read.Count} events were read.";
            });
    }

    /// <summary>One thread asks what another one is about to note.</summary>
    [Test]
    public void Completion_AskedWhileTheStreamIsDisposed_TellsThatTheReaderHasLagged()
    {
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;
        Task completion = null!;
        TightRace.Run(
            10 * Rounds,
            () =>
            {
                stream = configuration.Create<int>();
                reader = stream.WithLagPolicy(LagPolicy.Fail(2)).OpenReader();
                stream.OnNextRange([1, 2, 3, 4, 5]);
            },
            () => completion = reader.Completion,
            () => stream.Dispose(),
            () =>
            {
                Exception? error = Reading.ErrorOf(completion);
                reader.Dispose();
                return error is SubscriberLaggedException ? null : $"{error}";
            });
    }

    /// <summary>Nothing is read and nothing published, so the figure stays.</summary>
    [Test]
    public void Count_AskedWhileTheStreamIsDisposed_StaysTheBound([Values(1, 3)] int bound)
    {
        EventStream<int> stream = null!;
        EventReader<int> reader = null!;
        int least = 0;
        TightRace.Run(
            10 * Rounds,
            () =>
            {
                least = int.MaxValue;
                stream = configuration.Create<int>();
                reader = stream.WithLagPolicy(bound == 1 ? LagPolicy.Latest : LagPolicy.DropOldest(bound)).OpenReader();
                stream.OnNextRange([1, 2, 3, 4, 5]);
            },
            () =>
            {
                while (!stream.IsDisposed)
                {
                    least = Math.Min(least, reader.Count);
                }

                for (int i = 0; i < 20; i++)
                {
                    least = Math.Min(least, reader.Count);
                }
            },
            () => stream.Dispose(),
            () =>
            {
                reader.Dispose();
                return least == bound ? null : $"{least}";
            });
    }

    [Test]
    public void Completion_FirstAskedRacesTheLag_Completes() =>
        Race.Run(
            Rounds,
            () =>
            {
                var state = new Reading(configuration, LagPolicy.Fail(1));
                state.Stream.OnNextRange([1, 2, 3]);
                return state;
            },
            state => state.Completion = state.Reader.Completion,
            state => state.Reader.TryPeek(out _),
            state =>
            {
                Assert.That(Reading.ErrorOf(state.Completion!), Is.TypeOf<SubscriberLaggedException>());
                state.Reader.Dispose();
            });

    private static void ReadUntilDisposed(EventReader<int> reader, List<int> read)
    {
        try
        {
            while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (reader.TryRead(out int value))
                {
                    read.Add(value);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // The stream is disposed, and all was read.
        }
    }

    private sealed class Reading
    {
        internal Reading(StreamConfiguration configuration, LagPolicy policy, bool isWaiting = false)
        {
            Stream = configuration.Create<int>();
            Reader = Stream.WithLagPolicy(policy).OpenReader();
            Wait = isWaiting ? Reader.WaitToReadAsync().AsTask() : null;
        }

        internal EventStream<int> Stream { get; }

        internal EventReader<int> Reader { get; }

        internal Task<bool>? Wait { get; }

        internal Task? Completion { get; set; }

        /// <summary>What the task fails with, or null.</summary>
        internal static Exception? ErrorOf(Task task)
        {
            try
            {
                Assert.That(task.Wait(Eventually.Limit), Is.True, "The task ends.");
                return null;
            }
            catch (AggregateException error)
            {
                return error.InnerException;
            }
        }
    }
}
