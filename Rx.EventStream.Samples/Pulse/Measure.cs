namespace Rx.Samples.Pulse;

/// <summary>A kind of value: how it is read, named and formatted.</summary>
/// <param name="Name">The name of the instrument, and of the events.</param>
/// <param name="Label">The name to show.</param>
/// <param name="Unit">The unit of the events.</param>
/// <param name="IsRate">Whether the instrument is a counter and the event has its rate.</param>
/// <param name="Factor">Converts the instrument's unit to the unit of the events.</param>
internal sealed record Measure(string Name, string Label, string Unit, bool IsRate = false, double Factor = 1)
{
    /// <summary>All measures, the most important ones first: a low window shows only those.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        new("system.cpu", "CPU, machine", "%"),
        new("dotnet.process.cpu.time", "CPU, this process", "%", IsRate: true, Factor: 100.0 / Environment.ProcessorCount),
        new("dotnet.gc.heap.total_allocated", "Allocating", "By/s", IsRate: true),
        new("folder.file.size", "Journal file", "By"),
        new("system.memory.used", "Memory, machine", "By"),
        new("dotnet.process.memory.working_set", "Working set", "By"),
        new("dotnet.thread_pool.work_item.count", "Work items", "/s", IsRate: true),
        new("dotnet.thread_pool.thread.count", "Pool threads", ""),
        new("dotnet.thread_pool.queue.length", "Pool queue", ""),
        new("dotnet.gc.collections", "Collections", ""),
        new("dotnet.gc.pause.time", "GC pauses", "ms/s", IsRate: true, Factor: 1000),
        new("dotnet.gc.last_collection.heap.size", "Heap, last GC", "By"),
        new("dotnet.jit.compiled_methods", "Methods compiled", "/s", IsRate: true),
        new("dotnet.monitor.lock_contentions", "Lock contentions", "/s", IsRate: true),
        new("dotnet.timer.count", "Timers", ""),
        new("system.load", "Load, 1 minute", ""),
    ];

    public static Measure? Find(string name) => All.FirstOrDefault(m => m.Name == name);

    /// <summary>The least value that a full bar of a sparkline stands for.</summary>
    public double Scale => Unit switch
    {
        "%" or "/s" => 10,
        "By" or "By/s" => 100_000,
        _ => 5,
    };

    public string Format(double value) => Unit switch
    {
        "By" => Bytes(value),
        "By/s" => $"{Bytes(value)}/s",
        "%" => $"{value:0.0} %",
        "" => value == Math.Floor(value) ? $"{value:N0}" : $"{value:0.00}",
        _ => $"{value:N1} {Unit}",
    };

    public static string Bytes(double value)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        int unit = 0;
        for (; Math.Abs(value) >= 1000 && unit < units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return unit == 0 ? $"{value:0} B" : $"{value:0.0} {units[unit]}";
    }
}
