namespace Rx.Tests.Documentation;

/// <summary>The text of a file, of the same length, with only its prose left. Everything else is a <see cref="Boundary"/>, which ends one piece
/// of prose and starts the next, or part of a placeholder, which stands for a name or a value inside a sentence.</summary>
internal sealed class ProseMask(string source)
{
    public const char Boundary = '\u0001';

    private const char Placeholder = 'x';

    private readonly char[] _prose = [.. Enumerable.Repeat(Boundary, source.Length)];

    public void Keep(int start, int length) => source.CopyTo(start, _prose, start, length);

    public void Cut(int start, int length) => Fill(start, length, Boundary);

    public void Blank(int start, int length) => Fill(start, length, ' ');

    public void StandIn(int start, int length) => Fill(start, length, Placeholder);

    public string Slice(int start, int length) => new(_prose, start, length);

    public int LineOf(int index) => 1 + source.AsSpan(0, index).Count('\n');

    public override string ToString() => new(_prose);

    private void Fill(int start, int length, char with) => _prose.AsSpan(start, length).Fill(with);
}
