namespace Rx.Samples.Pulse;

/// <summary>A producer that takes readings at regular intervals.</summary>
internal abstract class SamplingProducer : Producer
{
    private readonly TimeSpan _interval;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stopped = new();

    protected SamplingProducer(string source, TimeSpan interval, IObserver<PulseEvent> stream)
        : base(source, stream)
    {
        _interval = interval;
        _thread = new Thread(Run) { Name = source, IsBackground = true };
    }

    public override void Start() => _thread.Start();

    public override void Dispose()
    {
        _stopped.Set();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _stopped.Dispose();
    }

    /// <summary>Takes the readings and publishes them.</summary>
    protected abstract void Sample();

    private void Run()
    {
        try
        {
            do
            {
                Sample();
            }
            while (!_stopped.Wait(_interval));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            // A reading that worked before no longer works. The other producers continue.
            Unavailable = error.Message;
        }
    }
}
