namespace Rx.Benchmarks.Output;

/// <summary>Shows progress: on a terminal in one line that is overwritten, elsewhere with one line for each scenario.</summary>
internal sealed class ProgressLine(int scenarios)
{
    private int _begun;
    private string? _current;

    public void Begin(string scenario)
    {
        _begun++;
        _current = scenario;
        if (Console.IsErrorRedirected)
        {
            Console.Error.WriteLine($"[{_begun}/{scenarios}] {scenario}");
        }
    }

    public void Report(string what)
    {
        if (!Console.IsErrorRedirected)
        {
            string line = $"[{_begun}/{scenarios}] {what}";
            int width = Math.Max(20, Console.WindowWidth - 1);
            Console.Error.Write("\r" + (line.Length > width ? line[..width] : line.PadRight(width)));
        }
    }

    public void End()
    {
        if (!Console.IsErrorRedirected && _current is not null)
        {
            Console.Error.Write("\r" + new string(' ', Math.Max(20, Console.WindowWidth - 1)) + "\r");
        }
    }
}
