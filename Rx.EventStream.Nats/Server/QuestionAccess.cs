namespace Rx.Nats.Server;

/// <summary>Whether the server answers one kind of question on this connection, such as those about consumers.</summary>
/// <remarks>
/// Allowed → Denied, once, by <see cref="Deny"/>. A server that has refused one question refuses them all, and a refusal takes as long as an answer
/// that never comes: after the first, no question is sent.
/// <para><b>Concurrency.</b> Any thread.</para>
/// </remarks>
internal sealed class QuestionAccess
{
    /// <summary>Written with release by <see cref="Deny"/>, read with acquire.</summary>
    private bool _isDenied;

    internal bool IsDenied => Volatile.Read(ref _isDenied);

    /// <summary>Allowed → Denied. Only a later question depends on it, so a question that another thread is sending is harmless.</summary>
    internal void Deny() => Volatile.Write(ref _isDenied, true);
}
