using System.Threading.Channels;

namespace Rx.Tests.Contract;

/// <summary>A channel's reader or a stream's, and how to write to it.</summary>
/// <param name="Reader">The reader.</param>
/// <param name="Write">Writes an event.</param>
/// <param name="End">Ends it: with an error, or, for null, by completion.</param>
internal sealed record ReaderUnderTest(ChannelReader<int> Reader, Action<int> Write, Action<Exception?> End)
{
    /// <summary>Channels, which define the conventions, and streams in every configuration and with every lag policy.</summary>
    public static IEnumerable<ReaderCase> All =>
        new ReaderCase[]
        {
            new("unbounded channel", static () => OfChannel(Channel.CreateUnbounded<int>())),
            new("bounded channel", static () => OfChannel(Channel.CreateBounded<int>(10))),
        }
        .Concat(
            from configuration in StreamConfiguration.All
            from policy in new[] { LagPolicy.Unbounded, LagPolicy.DropOldest(10), LagPolicy.Fail(10), LagPolicy.Wait(10) }
            select new ReaderCase($"{configuration}, {policy}", () => OfStream(configuration.Create<int>(), policy)));

    public static ReaderUnderTest OfChannel(Channel<int> channel) => new(
        channel.Reader, value => Assert.That(channel.Writer.TryWrite(value), Is.True), error => channel.Writer.Complete(error));

    public static ReaderUnderTest OfStream(EventStream<int> stream, LagPolicy policy) => new(
        stream.WithLagPolicy(policy).OpenReader(),
        stream.OnNext,
        error =>
        {
            if (error is null)
            {
                stream.OnCompleted();
            }
            else
            {
                stream.OnError(error);
            }
        });
}
