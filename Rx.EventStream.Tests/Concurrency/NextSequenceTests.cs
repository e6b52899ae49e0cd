namespace Rx.Tests.Concurrency;

/// <summary>After a thread has read event n, <see cref="EventStream{T}.NextSequence"/> is greater than n.</summary>
[TestFixture(1, true)]
[TestFixture(1, false)]
[TestFixture(2, true)]
[TestFixture(2, false)]
[TestFixture(64, true)]
[TestFixture(64, false)]
[TestFixture(1024, true)]
[TestFixture(1024, false)]
internal sealed class NextSequenceTests(int capacity, bool isSingleWriter)
{
    private const int Rounds = 2_000;
    private const int EventsInRound = 24;

    private EventStream<int> _stream = null!;

    [SetUp]
    public void SetUp() => _stream = NewStream(Retention.None);

    [TearDown]
    public void TearDown() => _stream.Dispose();

    [Test]
    public void NextSequence_ReaderHasReadEvent_IsGreater([Values(0, 1, 3)] int observers)
    {
        for (int i = 0; i < observers; i++)
        {
            _stream.Subscribe(static _ => { });
        }

        RaceReader(() =>
        {
            for (int i = 0; i < EventsInRound; i++)
            {
                _stream.OnNext(i);
            }
        });
    }

    [Test]
    public void NextSequence_ReaderHasReadEventOfRun_IsGreater()
    {
        int[] run = new int[EventsInRound / 4];
        RaceReader(() =>
        {
            for (int i = 0; i < EventsInRound; i += run.Length)
            {
                _stream.OnNextRange(run);
            }
        });
    }

    [Test]
    public void NextSequence_InsideObserver_IsGreater([Values(1, 3)] int observers)
    {
        long received = 0;
        var wrong = new List<string>();
        for (int i = 0; i < observers; i++)
        {
            _stream.WithSequence().Subscribe(e =>
            {
                received++;
                if (_stream.NextSequence <= e.Sequence)
                {
                    wrong.Add($"{_stream.NextSequence} in event {e.Sequence}");
                }

                if (e.Sequence == 4)
                {
                    _stream.OnNext(-1);
                }
            });
        }

        for (int i = 0; i < 100; i++)
        {
            _stream.OnNext(i);
            _stream.OnNextRange([i, i, i]);
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(received, Is.EqualTo(_stream.NextSequence * observers));
    }

    [Test]
    public void GetPosition_AfterEventJustRead_IsThere()
    {
        using EventStream<int> stream = NewStream(Retention.Count(2 * EventsInRound));
        using EventReader<int> reader = stream.GetNextPosition().OpenReader();
        string? wrong = null;
        TightRace.Run(
            Rounds / 4,
            static () => { },
            () =>
            {
                for (int i = 0; i < EventsInRound; i++)
                {
                    stream.OnNext(i);
                }
            },
            () =>
            {
                for (int i = 0; i < EventsInRound; i++)
                {
                    Read(reader);
                    if (!stream.TryGetPosition(reader.Sequence, out EventPosition<int>? position))
                    {
                        wrong ??= $"There is no position after event {reader.Sequence - 1}.";
                    }

                    position?.Dispose();
                }
            },
            () => wrong);
    }

    private EventStream<int> NewStream(Retention retention) =>
        new(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter, Retention = retention });

    /// <summary>Reads what a publisher publishes at the same time, and asks after each event for the next sequence number.</summary>
    private void RaceReader(Action publish)
    {
        using EventReader<int> reader = _stream.OpenReader();
        string? wrong = null;
        TightRace.Run(
            Rounds,
            static () => { },
            publish,
            () =>
            {
                for (int i = 0; i < EventsInRound; i++)
                {
                    Read(reader);
                    long next = _stream.NextSequence;
                    if (next < reader.Sequence)
                    {
                        wrong ??= $"The next sequence number was {next} after event {reader.Sequence - 1} was read.";
                    }
                }
            },
            () => wrong);
    }

    private static void Read(EventReader<int> reader)
    {
        while (!reader.TryRead(out _))
        {
        }
    }
}
