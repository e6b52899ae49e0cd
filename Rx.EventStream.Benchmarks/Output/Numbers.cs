namespace Rx.Benchmarks.Output;

/// <summary>Formats figures with three significant digits.</summary>
internal static class Numbers
{
    public static string Short(double value) => value switch
    {
        >= 99.95 => $"{value:N0}",
        >= 9.995 => $"{value:0.0}",
        >= 0.9995 => $"{value:0.00}",
        0 => "0",
        _ => $"{value:0.000}",
    };
}
