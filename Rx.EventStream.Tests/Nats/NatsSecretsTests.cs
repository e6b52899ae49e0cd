using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Rx.Nats;
using Rx.Tests.Contract;
using Rx.Tests.Samples;

namespace Rx.Tests.Nats;

/// <summary>TLS and credentials belong to the connection. They are used, and no message or log entry contains them.</summary>
[TestFixture]
internal sealed class NatsSecretsTests
{
    private const string Secret = "s3cret-4711";

    [TestCase("authorization { user: sam, password: \"s3cret-4711\" }", false)]
    [TestCase("authorization { token: \"s3cret-4711\" }", true)]
    public async Task Connection_TlsAndCredentials_UsedAndNeverLogged(string authorization, bool isToken)
    {
        using var folder = new TemporaryFolder();
        using X509Certificate2 certificate = MakeCertificate(folder.Path);
        string Files(string name) => Path.Combine(folder.Path, name).Replace('\\', '/');
        await using NatsServer server = await NatsServer.StartAsync(
            $"{authorization}\ntls {{ cert_file: \"{Files("cert.pem")}\", key_file: \"{Files("key.pem")}\" }}");
        using var log = new CollectingLogger();
        NatsOpts Opts(string secret) => new()
        {
            Url = $"tls://127.0.0.1:{server.Port}",
            TlsOpts = new NatsTlsOpts { Mode = TlsMode.Require, CaFile = Files("cert.pem") },
            AuthOpts = isToken ? new NatsAuthOpts { Token = secret } : new NatsAuthOpts { Username = "sam", Password = secret },
            LoggerFactory = log,
            RequestTimeout = TimeSpan.FromSeconds(2),
        };
        var options = new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading) { Stream = "safe", Subject = _ => "safe.a" };

        await using (var connection = new NatsConnection(Opts(Secret)))
        {
            await new NatsJSContext(connection).CreateStreamAsync(new StreamConfig("safe", ["safe.>"]));
            await using var stream = await NatsEventStream<Reading>.OpenAsync(connection, options);
            var received = new Received();
            stream.Events.Subscribe(received);
            await stream.PublishAsync(new Reading("a", 1));
            received.WaitFor(1);
            Assert.That(connection.ServerInfo!.TlsRequired, Is.True);
        }

        string wrong = Secret + "-wrong";
        await using var rejected = new NatsConnection(Opts(wrong));
        NatsEventStreamException? error = await Assert.ThrowsAsync<NatsEventStreamException>(() => NatsEventStream<Reading>.OpenAsync(rejected, options));

        Assert.That(error!.ToString(), Does.Not.Contain(Secret));
        Assert.That(log.Messages, Is.Not.Empty);
        Assert.That(log.Messages, Has.None.Contains(Secret));
    }

    [Test]
    public async Task OpenAsync_UnknownCertificateAuthority_Fails()
    {
        using var folder = new TemporaryFolder();
        using X509Certificate2 certificate = MakeCertificate(folder.Path);
        string Files(string name) => Path.Combine(folder.Path, name).Replace('\\', '/');
        await using NatsServer server = await NatsServer.StartAsync($"tls {{ cert_file: \"{Files("cert.pem")}\", key_file: \"{Files("key.pem")}\" }}");
        await using var connection = new NatsConnection(new NatsOpts { Url = $"tls://127.0.0.1:{server.Port}" });

        await Assert.ThatAsync(
            () => Eventually.Ends(NatsEventStream<Reading>.OpenAsync(
                connection, new NatsEventStreamOptions<Reading>(ReadingJson.Default.Reading) { Stream = "safe", Subject = _ => "safe.a" })),
            Throws.TypeOf<NatsEventStreamException>().With.Message.Contains("could be reached"));
    }

    /// <summary>A self-signed certificate for the loopback address, and its key, as two files.</summary>
    private static X509Certificate2 MakeCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    /// <summary>Keeps every log entry, whatever its level.</summary>
    private sealed class CollectingLogger : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
