using System.Globalization;
using System.Net;

namespace Rx.Samples.Chatterbox;

/// <summary>Where a room is served.</summary>
internal sealed record RoomAddress(string Host, int Port)
{
    public const string Option = "--address";
    public const string Default = "127.0.0.1:50051";

    /// <summary>What HTTP clients call it. The room speaks without encryption: it is for this machine.</summary>
    public Uri Uri => new($"http://{this}");

    /// <exception cref="UsageException">The option's value is no address.</exception>
    public static RoomAddress From(SampleArguments arguments) => Parse(arguments.Text(Option) ?? Default);

    /// <summary>The addresses of a room that several servers share.</summary>
    /// <exception cref="UsageException">The option's value is no list of addresses.</exception>
    public static RoomAddress[] AllFrom(SampleArguments arguments, string otherwise = Default)
    {
        RoomAddress[] addresses = [.. (arguments.Text(Option) ?? otherwise).Split(',', StringSplitOptions.TrimEntries).Select(Parse)];
        return addresses.FirstOrDefault(a => a.Port == 0) is { } none
            ? throw new UsageException($"{Option} must name a port from 1 to {IPEndPoint.MaxPort:N0}, not '{none}': at port 0 nobody can be met.")
            : addresses;
    }

    /// <summary>The address to listen at.</summary>
    /// <exception cref="UsageException">The host is none of this machine's addresses by its form.</exception>
    public IPEndPoint ToEndPoint() =>
        Host == "localhost" ? new IPEndPoint(IPAddress.Loopback, Port)
        : IPAddress.TryParse(Host, out IPAddress? address) ? new IPEndPoint(address, Port)
        : throw new UsageException($"{Option} must name the server by a numeric address, such as {Default}, not '{Host}'.");

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static RoomAddress Parse(string text)
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
