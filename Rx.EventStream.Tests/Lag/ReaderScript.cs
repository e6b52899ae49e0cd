using System.Text;
using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

/// <summary>One random script: readers of every policy join a stream, read in every way, and leave, while it goes on and ends. After each step the
/// readers are compared with their models, and the stream keeps no more segments than they need.</summary>
internal sealed class ReaderScript : IDisposable
{
    private const int MostSteps = 60;
    private const int FirstCapacity = 16;

    private readonly StreamConfiguration _configuration;
    private readonly Random _random;
    private readonly EventStream<long> _stream;
    private readonly int _retained;
    private readonly List<(EventReader<long> Reader, ReaderModel Model)> _readers = [];
    private readonly List<(EventPosition<long> Position, long Sequence)> _positions = [];
    private readonly StringBuilder _log = new();
    private long _next;
    private bool _hasEnded;
    private bool _isDisposed;

    internal ReaderScript(StreamConfiguration configuration, int seed)
    {
        _configuration = configuration;
        _random = new Random(seed);
        _retained = _random.Next(3) switch { 0 => 0, 1 => _random.Next(1, 100), _ => int.MaxValue };
        Log($"seed {seed}, {configuration}, retains {_retained}");
        _stream = new EventStream<long>(new EventStreamOptions
        {
            SingleWriter = configuration.SingleWriter,
            SegmentCapacity = configuration.SegmentCapacity,
            Retention = _retained switch { 0 => Retention.None, int.MaxValue => Retention.All, _ => Retention.Count(_retained) },
        });
    }

    internal void Run()
    {
        int steps = _random.Next(4, MostSteps);
        for (int i = 0; i < steps; i++)
        {
            Step();
            Check();
        }

        Finish();
    }

    public void Dispose()
    {
        _readers.ForEach(static r => r.Reader.Dispose());
        _positions.ForEach(static p => p.Position.Dispose());
        _stream.Dispose();
    }

    private void Step()
    {
        switch (_random.Next(16))
        {
            case < 4:
                Publish(_random.Next(5) == 0 ? _random.Next(1, 300) : _random.Next(1, 9));
                break;
            case < 7 when !_isDisposed:
                Join();
                break;
            case 7 when !_isDisposed:
                Log($"position {_next}");
                _positions.Add((_stream.GetNextPosition(), _next));
                break;
            case 8 when _positions.Count > 0:
                LeaveOne(_positions, static p => p.Position.Dispose());
                break;
            case 9 when _readers.Count > 0:
                LeaveOne(_readers, static r => r.Reader.Dispose());
                break;
            case 10 when _random.Next(12) == 0:
                End();
                break;
            case 11 when _random.Next(12) == 0:
                DisposeStream();
                break;
            default:
                if (_readers.Count > 0)
                {
                    (EventReader<long> reader, ReaderModel model) = _readers[_random.Next(_readers.Count)];
                    Read(reader, model);
                }

                break;
        }
    }

    /// <summary>The stream ends in each way, and all readers read what is left.</summary>
    private void Finish()
    {
        while (_positions.Count > 0 && _random.Next(3) > 0)
        {
            LeaveOne(_positions, static p => p.Position.Dispose());
        }

        if (_random.Next(2) == 0)
        {
            End();
        }

        for (int i = _random.Next(4); i > 0 && !_isDisposed; i--)
        {
            Join();
        }

        Check();
        if (_random.Next(2) == 0)
        {
            DisposeStream();
        }

        Check();
        foreach ((EventReader<long> reader, ReaderModel model) in _readers)
        {
            Read(reader, model);
            ReadOneByOne(reader, model, int.MaxValue);
            Wait(reader, model);
            Check();
        }
    }

    private void Publish(int count)
    {
        if (_isDisposed || _hasEnded)
        {
            return;
        }

        Log($"publish {count}");
        long[] run = [.. Enumerable.Range(0, count).Select(i => _next + i)];
        if (_random.Next(2) == 0)
        {
            _stream.OnNextRange(run);
        }
        else
        {
            Array.ForEach(run, _stream.OnNext);
        }

        _next += count;
    }

    private void Join()
    {
        int bound = _random.Next(2) == 0 ? _random.Next(1, 4) : _random.Next(1, 70);
        LagPolicy policy = _random.Next(6) switch
        {
            0 => LagPolicy.Unbounded,
            1 => LagPolicy.Wait(1_000_000),
            2 => LagPolicy.Latest,
            3 => LagPolicy.Fail(bound),
            _ => LagPolicy.DropOldest(bound),
        };
        (EventPosition<long>? position, long first) = _positions.Count > 0 && _random.Next(2) == 0
            ? _positions[_random.Next(_positions.Count)]
            : (null, Math.Max(0, _next - _retained));
        Log($"{policy} joins at {first}");
        EventObservable<long> events = position?.AsObservable() ?? _stream.AsObservable();
        _readers.Add((events.WithLagPolicy(policy).OpenReader(), new ReaderModel(policy, first, _next)));
    }

    private void LeaveOne<TItem>(List<TItem> items, Action<TItem> leave)
    {
        int index = _random.Next(items.Count);
        Log($"leaves: {items[index]}");
        leave(items[index]);
        items.RemoveAt(index);
    }

    private void End()
    {
        if (_isDisposed)
        {
            return;
        }

        Log("ends");
        _stream.OnCompleted();
        _hasEnded = true;
    }

    private void DisposeStream()
    {
        Log("stream disposed");
        _stream.Dispose();
        _isDisposed = true;
        foreach ((_, ReaderModel model) in _readers)
        {
            model.NoteDisposal(_next);
        }
    }

    private void Read(EventReader<long> reader, ReaderModel model)
    {
        int count = _random.Next(3) switch { 0 => 1, 1 => _random.Next(1, 9), _ => int.MaxValue };
        switch (_random.Next(4))
        {
            case 0:
                Log($"peeks: {model}");
                bool isThere = model.Ask(_next);
                Verify(reader.TryPeek(out long peeked), isThere);
                Verify(isThere ? peeked : 0, isThere ? model.Sequence : 0);
                break;
            case 1:
                Log($"reads a batch of {count}: {model}");
                long expected = model.Ask(_next) ? Math.Min(count, _next - model.Sequence) : 0;
                Verify(reader.TryReadBatch(count, out ReadOnlyMemory<long> batch), expected > 0);
                Verify(string.Join(',', batch.ToArray()), string.Join(',', Enumerable.Range(0, (int)expected).Select(i => model.Sequence + i)));
                model.MoveOver(expected);
                break;
            case 2:
                Log($"waits: {model}");
                Wait(reader, model);
                break;
            default:
                Log($"reads {count}: {model}");
                ReadOneByOne(reader, model, count);
                break;
        }
    }

    private void ReadOneByOne(EventReader<long> reader, ReaderModel model, int count)
    {
        bool isRead = true;
        for (int i = 0; i < count && isRead; i++)
        {
            isRead = model.Ask(_next);
            Verify(reader.TryRead(out long value), isRead);
            Verify(isRead ? value : 0, isRead ? model.Sequence : 0);
            model.MoveOver(isRead ? 1 : 0);
        }
    }

    private void Wait(EventReader<long> reader, ReaderModel model)
    {
        bool isThere = model.Ask(_next);
        if (!isThere && !_hasEnded && !_isDisposed && !model.HasFailed)
        {
            return; // it would wait
        }

        try
        {
            Verify(reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult(), isThere);
            Verify(isThere || (_hasEnded && !_isDisposed && !model.HasFailed), true);
        }
        catch (SubscriberLaggedException error)
        {
            Verify((error.Sequence, error.MissedCount), (model.Sequence, model.Missed));
        }
        catch (ObjectDisposedException)
        {
            Verify((_isDisposed, isThere, model.HasFailed), (true, false, false));
        }
    }

    private void Check()
    {
        foreach ((EventReader<long> reader, ReaderModel model) in _readers)
        {
            Verify((reader.Sequence, reader.Dropped, (long)reader.Count), (model.Sequence, model.Dropped, model.CountOf(_next)));
        }

        if (!_isDisposed)
        {
            CheckSegments();
        }
    }

    private void CheckSegments()
    {
        long kept = Math.Max(0, _next - _retained);
        foreach ((_, ReaderModel model) in _readers)
        {
            bool isOver = model.HasFailed || (_hasEnded && model.Sequence >= _next);
            kept = Math.Min(kept, isOver ? _next : model.KeptFrom(_next, slack: _configuration.SegmentCapacity));
        }

        foreach ((_, long sequence) in _positions)
        {
            kept = Math.Min(kept, sequence);
        }

        // The segment before, since a reader may stand at its end; and one more, which the window has not left yet, or which is prepared.
        int most = SegmentOf(_next) - SegmentOf(Math.Max(0, kept - 1)) + 1 + 2;
        int segments = _stream.Log.CountSegments();
        if (segments > most)
        {
            Assert.Fail($"{segments} segments are kept, and {most} are needed: the events from {kept} on, of {_next}.{Environment.NewLine}{_log}");
        }
    }

    private int SegmentOf(long sequence)
    {
        int index = 0;
        int capacity = Math.Min(FirstCapacity, _configuration.SegmentCapacity);
        for (long end = capacity; end <= sequence; end += capacity)
        {
            index++;
            capacity = Math.Min(2 * capacity, _configuration.SegmentCapacity);
        }

        return index;
    }

    private void Verify<TValue>(TValue actual, TValue expected)
    {
        if (!EqualityComparer<TValue>.Default.Equals(actual, expected))
        {
            Assert.Fail($"Expected {expected}, but it was {actual}.{Environment.NewLine}{_log}");
        }
    }

    private void Log(string step) => _log.AppendLine(step);
}
