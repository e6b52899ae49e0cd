using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rx.Tests.Contract;

namespace Rx.Tests.Documentation;

/// <summary>A page's program that is a web service, on a free port of this machine.</summary>
internal sealed class PageService : IAsyncDisposable
{
    /// <summary>What the program builds goes to the service that has started it: other tests may build hosts at the same time.</summary>
    private static readonly AsyncLocal<TaskCompletionSource<IHost>?> _built = new();

    private readonly IHost _host;
    private readonly Task _program;

    private PageService(IHost host, Task program)
    {
        _host = host;
        _program = program;
        Address = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Address { get; }

    /// <summary>Starts the program as <c>dotnet run</c> does. It tells the host that it has built as it tells tools and test servers.</summary>
    public static async Task<PageService> StartAsync(MethodInfo main, params string[] more)
    {
        var built = new TaskCompletionSource<IHost>(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable listeners = DiagnosticListener.AllListeners.Subscribe(listener =>
        {
            if (listener.Name == "Microsoft.Extensions.Hosting")
            {
                listener.Subscribe(message =>
                {
                    if (message is { Key: "HostBuilt", Value: IHost host })
                    {
                        _built.Value?.TrySetResult(host);
                    }
                });
            }
        });
        string[] arguments = ["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None", .. more];
        Task program = Task.Run(() =>
        {
            _built.Value = built;
            main.Invoke(null, [arguments]);
        });
        await Eventually.Ends(Task.WhenAny(program, built.Task));
        IHost host = built.Task.IsCompleted ? await built.Task : throw new InvalidOperationException("It builds a host.", program.Exception);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(started.SetResult);
        await Eventually.Ends(Task.WhenAny(program, started.Task));
        return new PageService(host, program);
    }

    /// <summary>Stops the service as Ctrl-C does, and completes when its program has ended.</summary>
    public async Task StopAsync()
    {
        if (!_program.IsCompleted)
        {
            _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }

        await Eventually.Ends(_program);
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
