namespace Rx.Samples.Pulse;

/// <summary>Draws the last values of a row as a line of bars.</summary>
internal sealed class Sparkline
{
    private const int Capacity = 120;

    private readonly Queue<double> _values = [];

    public void Add(double value)
    {
        _values.Enqueue(value);
        if (_values.Count > Capacity)
        {
            _values.Dequeue();
        }
    }

    public double Max => _values.Count == 0 ? 0 : _values.Max();

    /// <summary>Draws the newest values, right-aligned. The bars start at zero. A steady value is drawn below half height.</summary>
    /// <param name="width">The width in characters.</param>
    /// <param name="scale">The least value of a full bar, so that small values show as small bars.</param>
    /// <param name="isUnicode">Whether the terminal can show Unicode bars.</param>
    public string Draw(int width, double scale, bool isUnicode)
    {
        string bars = isUnicode ? "▁▂▃▄▅▆▇█" : "_.-:=+*#";
        double[] values = [.. _values.Skip(Math.Max(0, _values.Count - width))];
        // Not exactly half height, where a small change of a steady value would switch between two bars.
        double top = values.Length == 0 ? scale : Math.Max(scale, values.Max() + 1.3 * Math.Max(0, values.Min()));
        return string.Create(width, (values, top, bars), static (line, x) =>
        {
            line.Fill(' ');
            Span<char> end = line[^x.values.Length..];
            for (int i = 0; i < end.Length; i++)
            {
                end[i] = x.top <= 0 ? x.bars[0] : x.bars[Math.Clamp((int)(x.values[i] / x.top * x.bars.Length), 0, x.bars.Length - 1)];
            }
        });
    }
}
