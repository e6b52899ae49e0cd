namespace Rx;

public sealed partial class EventObservable<T>
{
    /// <summary>Joins the stream with a projection.</summary>
    internal EventProjection<TState, T> Fold<TState>(TState seed, Func<TState, T, TState> apply)
    {
        ThrowIfContinuing(isOfSeveral: true);
        return new(_stream, _position, _settings, seed, apply);
    }
}
