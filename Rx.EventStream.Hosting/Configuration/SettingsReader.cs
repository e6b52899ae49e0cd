using Microsoft.Extensions.Configuration;

namespace Rx.Hosting.Configuration;

/// <summary>Reads settings from a section of the configuration, without reflection.</summary>
internal static class SettingsReader
{
    private const string Whole = "a whole number";

    private static readonly string[] _keys =
    [
        nameof(EventStreamSettings.Name), nameof(EventStreamSettings.SingleWriter), nameof(EventStreamSettings.LagPolicy),
        nameof(EventStreamSettings.Retention), nameof(EventStreamSettings.MaxInlineBacklog), nameof(EventStreamSettings.SegmentCapacity),
        nameof(EventStreamSettings.CaptureActivity),
    ];

    /// <summary>Sets what the section has. Values that are not valid, and unknown keys, are noted in
    /// <see cref="EventStreamSettings.Failures"/>.</summary>
    internal static void Read(IConfigurationSection section, EventStreamSettings settings)
    {
        if (section.Value is { Length: > 0 } text)
        {
            settings.Failures.Add($"{section.Path} is '{text}'. It must be a section with the keys {string.Join(", ", _keys)}.");
        }

        foreach (IConfigurationSection entry in section.GetChildren().Where(entry => !_keys.Contains(entry.Key, StringComparer.OrdinalIgnoreCase)))
        {
            settings.Failures.Add($"{entry.Path} is not a setting of a stream. The settings are {string.Join(", ", _keys)}.");
        }

        Set(nameof(settings.Name), "a text", value => settings.Name = value);
        Set(nameof(settings.SingleWriter), "true or false", value => settings.SingleWriter = bool.Parse(value));
        Set(nameof(settings.CaptureActivity), "true or false", value => settings.CaptureActivity = bool.Parse(value));
        Set(nameof(settings.LagPolicy), PolicyText.LagPolicies, value => settings.LagPolicy = PolicyText.ReadLagPolicy(value));
        Set(nameof(settings.Retention), PolicyText.Retentions, value => settings.Retention = PolicyText.ReadRetention(value));
        Set(nameof(settings.MaxInlineBacklog), $"{Whole} from 1 to 2147483647", value => settings.MaxInlineBacklog = PolicyText.ReadNumber(value));
        Set(nameof(settings.SegmentCapacity), $"{Whole} from 1 to 1048576", value => settings.SegmentCapacity = PolicyText.ReadNumber(value));

        void Set(string key, string allowed, Action<string> set)
        {
            IConfigurationSection entry = section.GetSection(key);
            if (entry.GetChildren().Any())
            {
                settings.Failures.Add($"{entry.Path} is a section. It must be {allowed}.");
            }
            else if (entry.Value is { } value)
            {
                try
                {
                    set(value);
                }
                catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
                {
                    settings.Failures.Add($"{entry.Path} is '{value}'. It must be {allowed}.");
                }
            }
        }
    }
}
