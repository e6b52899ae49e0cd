using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>A bounded channel's writer or a stream's, and a reader of what it writes.</summary>
/// <param name="Writer">The writer; full once two events are written that are not read.</param>
/// <param name="Reader">The reader.</param>
/// <param name="AllowsConcurrency">Whether several threads may write at the same time.</param>
internal sealed record WriterUnderTest(ChannelWriter<int> Writer, ChannelReader<int> Reader, bool AllowsConcurrency)
{
    internal const int Capacity = 2;

    /// <summary>A channel, which defines the conventions, and streams in every configuration.</summary>
    public static IEnumerable<WriterCase> All =>
        StreamConfiguration.All.Select(static configuration => new WriterCase($"{configuration}", () => OfStream(configuration)))
            .Prepend(new WriterCase("bounded channel", OfChannel));

    private static WriterUnderTest OfChannel()
    {
        Channel<int> channel = Channel.CreateBounded<int>(Capacity);
        return new(channel.Writer, channel.Reader, AllowsConcurrency: true);
    }

    private static WriterUnderTest OfStream(StreamConfiguration configuration)
    {
        EventStream<int> stream = configuration.Create<int>();
        return new(stream.AsChannelWriter(), stream.WithLagPolicy(LagPolicy.Wait(Capacity)).OpenReader(), !configuration.SingleWriter);
    }
}
