namespace Rx.Tests.Consumer;

/// <summary>Checks claims about the package, and counts those that hold.</summary>
internal sealed class Claims
{
    /// <summary>Every check is quick; only one that hangs takes this long.</summary>
    private static readonly TimeSpan _timeLimit = TimeSpan.FromSeconds(30);

    public int Held { get; private set; }

    public int Broken { get; private set; }

    public async Task CheckAsync(string claim, Func<Task<string>> actual, string expected)
    {
        string found;
        try
        {
            found = await actual().WaitAsync(_timeLimit);
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
