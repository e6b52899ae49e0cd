using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>New clients start with the state of a projection.</summary>
internal sealed class SnapshotOrigin<TState, T> : Origin<T>
{
    private readonly EventProjection<TState, T> _projection;
    private readonly Func<HttpRequest, TState, TState>? _filter;
    private readonly JsonTypeInfo<TState> _json;

    internal SnapshotOrigin(
        EventStream<T> stream,
        EventProjection<TState, T> projection,
        Func<HttpRequest, TState, TState>? filter,
        JsonTypeInfo<TState> json,
        LagPolicy lagPolicy,
        string name)
        : base(stream, lagPolicy, name)
    {
        _projection = projection;
        _filter = filter;
        _json = json;
        using EventSnapshot<TState, T> now = projection.Current;
        try
        {
            stream.From(now.Position);
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException("The projection is of another stream.", nameof(projection), error);
        }
    }

    internal override bool HasSnapshot => true;

    internal override Opening<T> Open(HttpRequest request)
    {
        using EventSnapshot<TState, T> now = _projection.Current;
        TState state = _filter is null ? now.State : _filter(request, now.State);
        byte[] snapshot = JsonSerializer.SerializeToUtf8Bytes(state, _json);
        return new Opening<T>(OpenReader(now.Position), snapshot);
    }
}
