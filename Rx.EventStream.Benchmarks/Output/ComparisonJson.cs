using System.Text.Json;
using System.Text.Json.Serialization;
using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Output;

/// <summary>Results as JSON, for other programs.</summary>
internal static class ComparisonJson
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Write(string path, IReadOnlyList<Result> results) =>
        File.WriteAllText(path, JsonSerializer.Serialize(results.Select(static r => new Row(r)), _options) + Environment.NewLine);

    /// <summary>A result as it is written.</summary>
    private sealed class Row(Result result)
    {
        public string Scenario => result.Figure.Name;

        public string Subject => result.Subject;

        public double NsPerOp => Math.Round(result.Nanoseconds, 3);

        public double BytesPerOp => Math.Round(result.Bytes, 3);

        public Dictionary<string, double> Ratios => result.Ratios.ToDictionary(r => r.Key, r => Math.Round(r.Value, 4));

        public double? Target => result.Limit;

        /// <summary>What is reached where the target is known to be missed.</summary>
        public double? Reached => result.Reached;

        /// <summary>What the target applies to: the ratio to the named peer, "bytesPerOp" or "nsPerOp".</summary>
        public string? TargetOf => result.Limit is null ? null
            : result.Figure.Limits.IsRatio ? result.Figure.Peer
            : result.Figure.Quantity == Quantity.Bytes ? "bytesPerOp" : "nsPerOp";

        /// <summary>The least and the greatest of what the target applies to, over the repetitions.</summary>
        public double[]? Spread => result.Spread is { } spread ? [Math.Round(spread.Least, 4), Math.Round(spread.Greatest, 4)] : null;

        /// <summary>"met", "missed" or "notToldApart"; null without a target.</summary>
        public Verdict? Verdict => result.Verdict == Measuring.Verdict.None ? null : result.Verdict;
    }
}
