using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rx.Samples.Chatterbox;

/// <summary>Renders the last lines of a text that is longer than the screen. It counts lines after wrapping.</summary>
internal sealed class LastLines(IReadOnlyList<IRenderable> text, int height) : IRenderable
{
    public Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
        Segment.SplitLines(text.SelectMany(t => t.Render(options, maxWidth).Append(Segment.LineBreak)), maxWidth)
            .TakeLast(height)
            .SelectMany(line => line.Append(Segment.LineBreak));
}
