using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Rx.AspNetCore;

/// <summary>The options of the <c>snapshot</c> event of an endpoint with a projection.</summary>
/// <typeparam name="TState">The type of the projection's state.</typeparam>
/// <remarks><b>Concurrency.</b> Immutable; one instance may serve any number of endpoints.</remarks>
public sealed class EventStreamSnapshotOptions<TState>
{
    /// <summary>How the state is written as JSON. Default: null, as the application's JSON options say.</summary>
    /// <remarks>System.Text.Json's source generator provides it: <c>StockJson.Default.Stock</c>.</remarks>
    public JsonTypeInfo<TState>? Json { get; init; }

    /// <summary>What of the state a client gets. Default: null, the whole state.</summary>
    /// <remarks>It is called for each snapshot, and must be thread-safe. An endpoint with <see cref="EventStreamEndpointOptions{T}.Filter"/> needs
    /// it: a client must not get in the snapshot what the filter keeps from it.</remarks>
    public Func<HttpRequest, TState, TState>? Filter { get; init; }
}
