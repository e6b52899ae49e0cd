namespace Rx.Samples.Pulse;

/// <summary>Publishes the use of the machine's processors and memory, as far as it can be read without special permissions.</summary>
/// <remarks>Linux has all values in <c>/proc</c>. On other systems, the garbage collector knows the memory, and the other values are left
/// out.</remarks>
internal sealed class SystemProducer : SamplingProducer
{
    private readonly RateWindow _busy = new();
    private readonly RateWindow _all = new();
    private readonly List<Action> _readings = [];

    public SystemProducer(IObserver<PulseEvent> stream)
        : base("system", TimeSpan.FromMilliseconds(100), stream)
    {
        TryAdd(ReadProcessors, "processors");
        if (!TryAdd(ReadMemory, null))
        {
            TryAdd(ReadMemoryOfCollector, "memory");
        }

        TryAdd(ReadLoad, "load");
    }

    protected override void Sample()
    {
        foreach (Action read in _readings)
        {
            read();
        }
    }

    /// <summary>Adds a reading if it works on this machine.</summary>
    private bool TryAdd(Func<Reading> read, string? what)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            Unavailable = what is null ? Unavailable : Unavailable is null ? what : $"{Unavailable}, {what}";
            return false;
        }

        _readings.Add(() =>
        {
            Reading reading = read();
            Publish(reading.Name, reading.Value, reading.Unit);
        });
        return true;
    }

    /// <summary>Reads the first line of <c>/proc/stat</c>: the times in user, nice, system, idle, iowait, irq, softirq, steal.</summary>
    private Reading ReadProcessors()
    {
        using StreamReader file = File.OpenText("/proc/stat");
        string[] fields = file.ReadLine()!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        double[] times = [.. fields[1..9].Select(double.Parse)];
        double idle = times[3] + times[4];
        double all = _all.Add(times.Sum());
        double busy = _busy.Add(times.Sum() - idle);
        return new Reading("system.cpu", all > 0 ? Math.Clamp(100 * busy / all, 0, 100) : 0, "%");
    }

    private static Reading ReadMemory()
    {
        double total = 0;
        foreach (string line in File.ReadLines("/proc/meminfo"))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
            {
                total = Kilobytes(line);
            }
            else if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                return new Reading("system.memory.used", total - Kilobytes(line), "By");
            }
        }

        throw new FormatException("No MemAvailable.");

        static double Kilobytes(string line) => 1024 * double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private static Reading ReadMemoryOfCollector() => new("system.memory.used", GC.GetGCMemoryInfo().MemoryLoadBytes, "By");

    private static Reading ReadLoad() => new("system.load", double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0]), "");

    private sealed record Reading(string Name, double Value, string Unit);
}
