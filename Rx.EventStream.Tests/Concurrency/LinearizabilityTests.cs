using System.Collections.Concurrent;
using CsCheck;

namespace Rx.Tests.Concurrency;

/// <summary>Concurrent operations on a stream must have the same results as some sequence of operations on a list of integers.</summary>
/// <remarks>
/// An event takes effect when it is claimed. Until its writer has published it, a reader would see nothing there. So the readers here wait for a claimed
/// event: then each operation takes effect at one moment.
/// </remarks>
[TestFixture]
internal sealed class LinearizabilityTests
{
    private static readonly GenOperation<Actual, Model> _publish =
        Gen.Int.Operation<Actual, Model>(
            v => $"publish {v}", (a, v) => a.Publish(v), (m, v) => m.Events.Add(v));

    private static readonly GenOperation<Actual, Model> _publishRange =
        Gen.Int.Array[0, 5].Operation<Actual, Model>(
            vs => $"publish range [{string.Join(", ", vs)}]", (a, vs) => a.PublishRange(vs), (m, vs) => m.Events.AddRange(vs));

    private static readonly GenOperation<Actual, Model> _read =
        Gen.Int.Operation<Actual, Model>(
            id => $"read as {id}", (a, id) => a.Read(id), (m, id) => m.Read(id));

    private static readonly GenOperation<Actual, Model> _readAll =
        Gen.Int.Operation<Actual, Model>(
            id => $"open a reader and read all as {id}", (a, id) => a.ReadAll(id), (m, id) => m.ReadAll(id));

    private static readonly GenOperation<Actual, Model> _takePosition =
        Gen.Int.Operation<Actual, Model>(
            id => $"take position as {id}", (a, id) => a.TakePosition(id), (m, id) => m.TakePosition(id));

    private static readonly GenOperation<Actual, Model> _join =
        Gen.Operation<Actual, Model>("join at the start", a => a.Join(), _ => { });

    private static readonly GenOperation<Actual, Model> _joinNow =
        Gen.Operation<Actual, Model>("join now and leave", a => a.JoinAndLeave(), _ => { });

    [Test]
    public void Operations_InSequence_MatchTheModel(
        [Values(1, 2, 64)] int capacity, [Values] bool isSingleWriter) =>
        Initial(capacity, isSingleWriter).SampleModelBased(
            [_publish, _publishRange, _read, _readAll, _takePosition, _join, _joinNow], Agree, iter: 100, threads: 1);

    [Test]
    public void Operations_InParallel_AreLinearizable(
        [Values(1, 2, 64)] int capacity, [Values] bool isSingleWriter) =>
        Initial(capacity, isSingleWriter).SampleParallel(
            [_publish, _publishRange, _read, _readAll, _takePosition, _join, _joinNow], Agree,
            maxSequentialOperations: 4, maxParallelOperations: 5, iter: 250, threads: 2);

    private static Gen<(Actual, Model)> Initial(int capacity, bool isSingleWriter) =>
        Gen.Const(0).Select(_ => (new Actual(capacity, isSingleWriter), new Model()));

    private static bool Agree(Actual actual, Model model) =>
        actual.Content().SequenceEqual(model.Events)
        && actual.Observers.All(o => o.Breach is null && o.Events.SequenceEqual(model.Events))
        && actual.Results.Order().SequenceEqual(model.Results.Order());

    private sealed class Model
    {
        private int _read;

        public List<int> Events { get; } = [];

        public List<(int Id, string Result)> Results { get; } = [];

        public void Read(int id) => Results.Add((id, _read < Events.Count ? $"{Events[_read++]}" : "nothing"));

        public void ReadAll(int id) => Results.Add((id, string.Join(' ', Events)));

        public void TakePosition(int id) => Results.Add((id, $"{Events.Count}"));
    }

    private sealed class Actual
    {
        private readonly EventStream<int> _stream;
        private readonly bool _isSingleWriter;
        private readonly Lock _writer = new();
        private readonly Lock _owner = new();
        private readonly EventPosition<int> _start;
        private readonly EventReader<int> _reader;

        public Actual(int capacity, bool isSingleWriter)
        {
            _isSingleWriter = isSingleWriter;
            _stream = new EventStream<int>(new EventStreamOptions { SegmentCapacity = capacity, SingleWriter = isSingleWriter });
            _start = _stream.GetNextPosition();
            _reader = _stream.AsObservable().OpenReader();
        }

        public ConcurrentBag<(int Id, string Result)> Results { get; } = [];

        public ConcurrentBag<Recorder<int>> Observers { get; } = [];

        public void Publish(int value) => AsWriter(() => _stream.OnNext(value));

        public void PublishRange(int[] values) => AsWriter(() => _stream.OnNextRange(values));

        public void Read(int id)
        {
            // A reader has one owner at a time. The owner records the result while it holds the lock.
            lock (_owner)
            {
                Results.Add((id, _reader.Sequence < _stream.NextSequence ? $"{AwaitNext(_reader)}" : "nothing"));
            }
        }

        public void ReadAll(int id) => Results.Add((id, string.Join(' ', Content())));

        public void TakePosition(int id)
        {
            using EventPosition<int> taken = _stream.GetNextPosition();
            Results.Add((id, $"{taken.Sequence}"));
        }

        public void Join()
        {
            var observer = new Recorder<int>();
            Observers.Add(observer);
            _stream.From(_start).Subscribe(observer);
        }

        public void JoinAndLeave() => _stream.Subscribe(new Recorder<int>()).Dispose();

        public List<int> Content()
        {
            long next = _stream.NextSequence;
            var content = new List<int>();
            using EventReader<int> reader = _start.OpenReader();
            while (reader.Sequence < next)
            {
                content.Add(AwaitNext(reader));
            }

            return content;
        }

        private static int AwaitNext(EventReader<int> reader)
        {
            int value = 0;
            Race.Await(() => reader.TryRead(out value), "a claimed event");
            return value;
        }

        private void AsWriter(Action publish)
        {
            if (!_isSingleWriter)
            {
                publish();
                return;
            }

            lock (_writer)
            {
                publish();
            }
        }
    }
}
