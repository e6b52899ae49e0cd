namespace Rx.Tests.Contract;

/// <summary>Keeps what an observer is told, and notes calls that the grammar of Rx forbids: overlapping ones, or any behind the end.</summary>
internal sealed class RecordingObserver<T>(Action<T>? onNext = null, Action? onEnd = null) : IObserver<T>
{
    private readonly Lock _gate = new();
    private readonly List<T> _values = [];
    private readonly List<string> _violations = [];
    private readonly HashSet<int> _threads = [];
    private readonly ManualResetEventSlim _ended = new();
    private int _running;
    private bool _isCompleted;
    private Exception? _error;

    public IReadOnlyList<T> Values => Read(() => _values.ToArray());

    public int Count => Read(() => _values.Count);

    public Exception? Error => Read(() => _error);

    public bool IsCompleted => Read(() => _isCompleted);

    /// <summary>Whether a terminal event came, and the call was over.</summary>
    public bool IsEnded => _ended.IsSet;

    public IReadOnlyCollection<int> Threads => Read(() => _threads.ToArray());

    /// <summary>What broke <c>OnNext* (OnError | OnCompleted)?</c>; to be empty.</summary>
    public IReadOnlyList<string> Violations => Read(() => _violations.ToArray());

    public void OnNext(T value)
    {
        Enter($"OnNext({value})");
        try
        {
            lock (_gate)
            {
                _values.Add(value);
            }

            onNext?.Invoke(value);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    public void OnError(Exception error) => End("OnError", () => _error = error);

    public void OnCompleted() => End("OnCompleted", () => _isCompleted = true);

    private void End(string call, Action note)
    {
        Enter(call);
        try
        {
            lock (_gate)
            {
                note();
            }

            onEnd?.Invoke();
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            _ended.Set();
        }
    }

    private void Enter(string call)
    {
        int running = Interlocked.Increment(ref _running);
        lock (_gate)
        {
            _threads.Add(Environment.CurrentManagedThreadId);
            if (running != 1)
            {
                _violations.Add($"{call} overlaps another call");
            }

            if (_isCompleted || _error is not null)
            {
                _violations.Add($"{call} behind the end");
            }
        }
    }

    private TResult Read<TResult>(Func<TResult> read)
    {
        lock (_gate)
        {
            return read();
        }
    }
}
