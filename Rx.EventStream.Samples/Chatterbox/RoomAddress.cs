using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rx.Samples.Chatterbox;

/// <summary>The address of a server of the room.</summary>
internal sealed record RoomAddress(string Host, int Port)
{
    public const string Option = "--address";
    public const string Default = "127.0.0.1:50051";

    /// <summary>For the end of the help texts.</summary>
    public const string AboutOriginal = $"The programs of the Go original use port 9000. To use them together: {Option} 127.0.0.1:9000.\n";

    /// <summary>The address for HTTP clients. The connection is not encrypted: the sample is for use on one machine.</summary>
    public Uri Uri => new($"http://{this}");

    /// <exception cref="UsageException">The option's value is not an address.</exception>
    public static RoomAddress From(SampleArguments arguments) => Parse(arguments.Text(Option) ?? Default);

    /// <summary>The address of a server to connect to.</summary>
    /// <exception cref="UsageException">The option's value is not such an address.</exception>
    public static RoomAddress ToConnectTo(SampleArguments arguments) =>
        From(arguments) is var address && address.Port > 0
            ? address
            : throw new UsageException($"{Option} must name a port from 1 to {IPEndPoint.MaxPort:N0}, not '{address}': a client cannot connect to port 0.");

    /// <summary>The endpoint to listen on.</summary>
    /// <exception cref="UsageException">The host is a name, not a numeric address.</exception>
    public IPEndPoint ToEndPoint() =>
        Host == "localhost" ? new IPEndPoint(IPAddress.Loopback, Port)
        : IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port)
        : throw new UsageException($"{Option} must have a numeric address, such as {Default}, not '{Host}'.");

    public UsageException CannotListen(Exception error) => new(
        error.GetBaseException() is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
            ? $"{this} is in use by another program; choose another {Option}."
            : $"The server cannot listen on {this}: {error.GetBaseException().Message}.");

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    public static RoomAddress Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = text[..Math.Max(colon, 0)].Trim('[', ']');
        return Uri.CheckHostName(host) is not UriHostNameType.Unknown
            && int.TryParse(text[(colon + 1)..], NumberStyles.None, null, out int port) && port <= IPEndPoint.MaxPort
                ? new RoomAddress(host, port)
                : throw new UsageException(
                    $"{Option} must be a host and a port from 0 to {IPEndPoint.MaxPort:N0}, such as {Default}, not '{text}'.");
    }
}
