namespace Rx.Tests.Delivery;

/// <summary>A key with the hash of all others. Comparing it throws when the test says so.</summary>
internal sealed class KeyOfOneHash(int value, Func<bool> throws)
{
    private int Value => value;

    public override int GetHashCode() => 7;

    public override bool Equals(object? other) => throws() ? throw new FormatException() : other is KeyOfOneHash key && key.Value == Value;
}
