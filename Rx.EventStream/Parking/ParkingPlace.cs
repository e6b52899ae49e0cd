namespace Rx.Parking;

/// <summary>Where an owner parks.</summary>
internal enum ParkingPlace
{
    /// <summary>For readers and pumps that the publisher wakes itself.</summary>
    Direct,

    /// <summary>For pumps on the thread pool: one work item wakes them all.</summary>
    Pool,

    /// <summary>For callers that wait for subscribers to move.</summary>
    Progress,

    /// <summary>For callers that wait for nothing but the end.</summary>
    End,
}
