using Microsoft.Extensions.DependencyInjection;

namespace Rx.Hosting.Running;

/// <summary>Calls of handlers, each in a scope of its own.</summary>
internal static class ScopedCalls
{
    /// <summary>Resolves a handler in a new scope, calls it, and disposes the scope.</summary>
    internal static async ValueTask CallAsync<THandler, TItem>(
        this IServiceScopeFactory scopes, TItem item, Func<THandler, TItem, CancellationToken, ValueTask> call, CancellationToken cancellationToken)
        where THandler : class
    {
        AsyncServiceScope scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await call(scope.ServiceProvider.GetRequiredService<THandler>(), item, cancellationToken).ConfigureAwait(false);
        }
    }
}
