using System.Runtime.CompilerServices;
using Rx.Parking;

namespace Rx.Tests.Parking;

/// <summary>Gives tests the stacks of a parking lot, which are private.</summary>
internal static class StackAt<T>
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "StackAt")]
    public static extern ref WaiterStack Get(ParkingLot<T> parking, ParkingPlace place);
}
