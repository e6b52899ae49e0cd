namespace Rx.Samples.Pulse;

/// <summary>Writes a line per second, for files and pipes.</summary>
internal static class PlainView
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    public static async Task ShowAsync(PulseState state, Task done)
    {
        while (await Task.WhenAny(done, Task.Delay(_interval)) != done)
        {
            string machine = state.IsCatchingUp
                ? "catching up"
                : $"CPU {state.Latest.Format("system.cpu"),7}";
            Console.WriteLine($"{state.Elapsed.TotalSeconds,4:0} s  {state.Published,7:N0} events  {machine}  {Slowest(state)}; {Dropped(state)}");
        }
    }

    private static string Slowest(PulseState state)
    {
        Subscriber slowest = state.Subscribers.MaxBy(s => s.Lag)!;
        long lag = slowest.Lag;
        return lag == 0 ? "no lag" : $"{slowest.Name} is {lag:N0} behind";
    }

    private static string Dropped(PulseState state) =>
        string.Join(", ", state.Subscribers.Where(s => !s.MissesNothing).Select(s => $"{s.Name} dropped {s.Dropped:N0}"));
}
