namespace Rx.Tests.Contract;

/// <summary>Records notifications, and the calls that violate the Rx grammar: overlapping calls, and calls after the end.</summary>
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

    /// <summary>Whether a terminal notification has been received and its call has returned.</summary>
    public bool IsEnded => _ended.IsSet;

    public IReadOnlyCollection<int> Threads => Read(() => _threads.ToArray());

    /// <summary>The calls that violated <c>OnNext* (OnError | OnCompleted)?</c>. A test expects none.</summary>
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
                _violations.Add($"{call} after the end");
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
