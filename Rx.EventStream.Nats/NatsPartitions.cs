namespace Rx.Nats;

/// <summary>How the instances of a handler share its events.</summary>
/// <remarks>
/// The key of an event belongs to one of <see cref="Count"/> partitions. Each partition has one owner at a time: an instance that renews its lease. Partitions
/// are divided evenly over the instances. When an instance starts, ends or dies, only as many partitions change their owner as necessary.
/// <para><b>Concurrency.</b> Immutable; one instance can be used for any number of handlers.</para>
/// </remarks>
public sealed class NatsPartitions
{
    /// <summary>The number of partitions, from 1 to 1,024: the largest number of instances that can have events to handle. The default is 64. It must be
    /// the same in all instances, and cannot be changed later.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1 or greater than 1,024.</exception>
    public int Count
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Count));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1024, nameof(Count));
            field = value;
        }
    }

        = 64;

    /// <summary>How long the other instances wait for a sign of life before they take the partitions of an instance. At least 1 second; the default is
    /// 10 seconds.</summary>
    /// <remarks>An instance that cannot renew its lease cancels its calls when three quarters of this time have passed. The clocks of the machines need not
    /// agree.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1 second or greater than an hour.</exception>
    public TimeSpan LeaseDuration
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1), nameof(LeaseDuration));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1), nameof(LeaseDuration));
            field = value;
        }
    }

        = TimeSpan.FromSeconds(10);

    /// <summary>The key-value bucket that holds the leases. The default is <c>rx-handlers</c>. It is created if it does not exist.</summary>
    /// <exception cref="ArgumentException">The value is empty, or contains other characters than letters, digits, <c>-</c> and <c>_</c>.</exception>
    public string Bucket
    {
        get;
        init
        {
            Handling.Names.ThrowIfInvalid(value, nameof(Bucket));
            field = value;
        }
    }

        = "rx-handlers";
}
