namespace Rx.Samples;

/// <summary>The options that were given to a sample, checked against those it has.</summary>
internal sealed class SampleArguments
{
    private readonly Dictionary<string, string> _values = [];

    private SampleArguments()
    {
    }

    /// <exception cref="UsageException">An argument is no option of the sample, or lacks its value.</exception>
    public static SampleArguments Parse(Sample sample, ReadOnlySpan<string> args)
    {
        var arguments = new SampleArguments();
        for (int i = 0; i < args.Length; i++)
        {
            // Both --seconds 5 and --seconds=5.
            string[] parts = args[i].Split('=', 2);
            if (sample.Options.All(o => o.Name != parts[0]))
            {
                throw new UsageException(parts[0].StartsWith('-')
                    ? $"{sample.Name} has no option '{parts[0]}'."
                    : $"{sample.Name} does not know what to do with '{args[i]}'.");
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
    public int Integer(string option, int otherwise, int least, int most)
    {
        if (!_values.TryGetValue(option, out string? text))
        {
            return otherwise;
        }

        if (!int.TryParse(text, out int value) || value < least || value > most)
        {
            throw new UsageException($"{option} must be a whole number from {least:N0} to {most:N0}, not '{text}'.");
        }

        return value;
    }
}
