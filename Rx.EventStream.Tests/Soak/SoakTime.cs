using System.Globalization;

namespace Rx.Tests.Soak;

/// <summary>How long one soak test runs: the value of RX_SOAK_SECONDS, or a few seconds if it is not set.</summary>
internal static class SoakTime
{
    private const int DefaultSeconds = 2;

    public static TimeSpan PerTest { get; } = Read(Environment.GetEnvironmentVariable("RX_SOAK_SECONDS"));

    private static TimeSpan Read(string? seconds)
    {
        if (string.IsNullOrEmpty(seconds))
        {
            return TimeSpan.FromSeconds(DefaultSeconds);
        }

        // A typing error must not turn a soak of minutes into one of seconds.
        return int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? TimeSpan.FromSeconds(value)
            : throw new InvalidOperationException($"RX_SOAK_SECONDS is '{seconds}'. It must be a whole number of seconds, at least 1.");
    }
}
