using Microsoft.Extensions.DependencyInjection;
using NATS.Client.Core;

namespace Rx.Nats.Hosting.Running;

/// <summary>The container's connection to NATS, which the application registers.</summary>
internal static class HostedConnection
{
    /// <exception cref="InvalidOperationException">The container has none.</exception>
    internal static INatsConnection Of(IServiceProvider services) => services.GetService<INatsConnection>() ?? throw new InvalidOperationException(
        "No INatsConnection is registered. Register one with AddNatsClient() of the package NATS.Extensions.Microsoft.DependencyInjection.");
}
