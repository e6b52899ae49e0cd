using System.Runtime.CompilerServices;

namespace Rx.Storage;

/// <summary>The <see cref="PublishFlags"/> of a log, in one word, so that a publisher in the usual case makes one comparison.</summary>
/// <remarks>
/// Any thread may set and clear flags, each at the times that <see cref="PublishFlags"/> names. Both are full fences and pair with the
/// acquire in <see cref="Value"/>, which publishers read before they claim and again after they have published. A mutable struct: always
/// used in place.
/// </remarks>
internal struct PublishFlagWord
{
    private int _flags;

    internal PublishFlagWord(PublishFlags flags) => _flags = (int)flags;

    internal readonly PublishFlags Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (PublishFlags)Volatile.Read(in _flags);
    }

    /// <summary>Whether there are several writers.</summary>
    internal readonly bool IsMultiWriter
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_flags & (int)PublishFlags.MultiWriter) != 0; // plain: set at construction and never changed
    }

    /// <summary>Whether events have stamps.</summary>
    internal readonly bool IsStamped
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_flags & (int)PublishFlags.Stamped) != 0; // plain: set at construction and never changed
    }

    /// <summary>What is noted of each event beside its value.</summary>
    internal readonly PublishFlags Stamps => (PublishFlags)_flags & PublishFlags.Stamped; // plain: set at construction and never changed

    internal void Set(PublishFlags flag) => Interlocked.Or(ref _flags, (int)flag);

    internal void Clear(PublishFlags flag) => Interlocked.And(ref _flags, (int)~flag);
}
