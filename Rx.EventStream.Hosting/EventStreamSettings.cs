using System.Reactive.Concurrency;
using Microsoft.Extensions.Configuration;
using Rx.Hosting.Configuration;

namespace Rx.Hosting;

/// <summary>The options of a stream of the container, while they are being configured.</summary>
/// <remarks>
/// They mean what <see cref="EventStreamOptions"/> says, and have its ranges. They are read once, when the container makes the stream.
/// <para><b>Concurrency.</b> Not thread-safe: the container configures it on one thread.</para>
/// </remarks>
public sealed class EventStreamSettings
{
    private Retention _retention = Retention.None;
    private LagPolicy _lagPolicy = LagPolicy.Unbounded;
    private int _maxInlineBacklog = new EventStreamOptions().MaxInlineBacklog;
    private int _segmentCapacity = new EventStreamOptions().SegmentCapacity;

    /// <summary>The stream's name, in logs, metrics and health checks. Default: null, the key of a keyed stream, else the name of the type of
    /// the events.</summary>
    public string? Name { get; set; }

    /// <inheritdoc cref="EventStreamOptions.SingleWriter"/>
    public bool SingleWriter { get; set; }

    /// <inheritdoc cref="EventStreamOptions.CaptureActivity"/>
    public bool CaptureActivity { get; set; }

    /// <summary>What happens to a subscriber that lags, unless it has a policy of its own. Default:
    /// <see cref="LagPolicy.Unbounded"/>.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public LagPolicy LagPolicy
    {
        get => _lagPolicy;
        set => _lagPolicy = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>What late subscribers can replay. Default: <see cref="Retention.None"/>.</summary>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public Retention Retention
    {
        get => _retention;
        set => _retention = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>How many events may wait for the observers on the publishing threads before publishers wait too; see
    /// <see cref="EventStreamOptions.MaxInlineBacklog"/>. Default: 1,024.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int MaxInlineBacklog
    {
        get => _maxInlineBacklog;
        set => _maxInlineBacklog = new EventStreamOptions { MaxInlineBacklog = value }.MaxInlineBacklog; // the range is told once
    }

    /// <summary>The most events in one segment; see <see cref="EventStreamOptions.SegmentCapacity"/>. Default: 1,024.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int SegmentCapacity
    {
        get => _segmentCapacity;
        set => _segmentCapacity = new EventStreamOptions { SegmentCapacity = value }.SegmentCapacity;
    }

    /// <summary>Where observers without a scheduler of their own are called, and handlers begin. Default: null; observers on the publishing
    /// thread, handlers on the thread pool.</summary>
    public IScheduler? Scheduler { get; set; }

    /// <summary>The clock for retention by age. Default: null, the container's <see cref="System.TimeProvider"/> if it has one and
    /// <see cref="Scheduler"/> is null; else see <see cref="EventStreamOptions.TimeProvider"/>.</summary>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>What the configuration said that is not valid. Reported when the options are validated, all at once.</summary>
    internal List<string> Failures { get; } = [];

    /// <summary>Sets what a section of the configuration has, such as <c>"LagPolicy": "DropOldest(100)"</c> and
    /// <c>"Retention": "CountAndTime(1000, 00:05:00)"</c>: the texts that <see cref="Rx.LagPolicy.ToString"/> and
    /// <see cref="Rx.Retention.ToString"/> give.</summary>
    /// <param name="section">The section. Its keys are the names of the properties, except for <see cref="Scheduler"/> and
    /// <see cref="TimeProvider"/>. What it does not have keeps its value.</param>
    /// <remarks>If the section has a value that is not valid, or an unknown key, the host does not start: it throws an
    /// <see cref="Microsoft.Extensions.Options.OptionsValidationException"/> that names each of them, and what is allowed. Later changes of the
    /// configuration have no effect.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="section"/> is null.</exception>
    public void Read(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        SettingsReader.Read(section, this);
    }

    internal EventStreamOptions ToOptions(string defaultName, TimeProvider? containerTime) => new()
    {
        Name = Name ?? defaultName,
        SingleWriter = SingleWriter,
        CaptureActivity = CaptureActivity,
        LagPolicy = LagPolicy,
        Retention = Retention,
        MaxInlineBacklog = MaxInlineBacklog,
        SegmentCapacity = SegmentCapacity,
        Scheduler = Scheduler,
        TimeProvider = TimeProvider ?? (Scheduler is null ? containerTime : null),
    };
}
