using Rx.Benchmarks.Measuring;

namespace Rx.Benchmarks.Work;

/// <summary>Both writer modes of <see cref="EventStream{T}"/> as contenders.</summary>
internal static class Streams
{
    /// <summary>The same work with a stream in each mode.</summary>
    public static Contender[] Both(Func<EventStreamOptions, Func<int, Session>> prepare) =>
    [
        Contender.Timed(Contender.MultiWriter, prepare(new EventStreamOptions())),
        Contender.Timed(Contender.SingleWriter, prepare(new EventStreamOptions { SingleWriter = true })),
    ];

    /// <summary>The same work with a stream in each mode, with retention.</summary>
    public static Contender[] Retaining(Retention retention, Func<EventStreamOptions, Func<int, Session>> prepare) =>
    [
        Contender.Timed(Contender.MultiWriter, prepare(new EventStreamOptions { Retention = retention })),
        Contender.Timed(Contender.SingleWriter, prepare(new EventStreamOptions { Retention = retention, SingleWriter = true })),
    ];
}
