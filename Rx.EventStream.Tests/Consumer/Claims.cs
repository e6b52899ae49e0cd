namespace Rx.Tests.Consumer;

/// <summary>What must be true of the package, and whether it is.</summary>
internal sealed class Claims
{
    /// <summary>Nothing here takes long; only what hangs gets to wait so long.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    public int Held { get; private set; }

    public int Broken { get; private set; }

    public async Task CheckAsync(string claim, Func<Task<string>> actual, string expected)
    {
        string found;
        try
        {
            found = await actual().WaitAsync(_patience);
        }
        catch (Exception error)
        {
            found = error.ToString();
        }

        bool holds = found == expected;
        Console.WriteLine($"{(holds ? "yes" : "NO ")}  {claim}{(holds ? "" : $": {found} instead of {expected}")}");
        Held += holds ? 1 : 0;
        Broken += holds ? 0 : 1;
    }
}
