namespace Rx.Samples;

/// <summary>The options from the command line, checked against the sample's options.</summary>
internal sealed class SampleArguments
{
    private readonly Dictionary<string, string> _values = [];

    private SampleArguments()
    {
    }

    /// <exception cref="UsageException">An argument is not an option of the sample, or an option has no value.</exception>
    public static SampleArguments Parse(Sample sample, ReadOnlySpan<string> args)
    {
        var arguments = new SampleArguments();
        for (int i = 0; i < args.Length; i++)
        {
            // Accepts both --seconds 5 and --seconds=5.
            string[] parts = args[i].Split('=', 2);
            if (sample.Options.All(o => o.Name != parts[0]))
            {
                throw new UsageException(parts[0].StartsWith('-')
                    ? $"The sample {sample.Name} has no option '{parts[0]}'."
                    : $"The sample {sample.Name} takes no argument '{args[i]}'.");
            }

            string? value = parts.Length == 2 ? parts[1] : ++i < args.Length ? args[i] : null;
            if (string.IsNullOrEmpty(value))
            {
                throw new UsageException($"{parts[0]} needs a value.");
            }

            arguments._values[parts[0]] = value;
        }

        return arguments;
    }

    public string? Text(string option) => _values.GetValueOrDefault(option);

    /// <exception cref="UsageException">The value is not a whole number in the range.</exception>
    public int Integer(string option, int defaultValue, int min, int max)
    {
        if (!_values.TryGetValue(option, out string? text))
        {
            return defaultValue;
        }

        if (!int.TryParse(text, out int value) || value < min || value > max)
        {
            throw new UsageException($"{option} must be a whole number from {min:N0} to {max:N0}, not '{text}'.");
        }

        return value;
    }
}
