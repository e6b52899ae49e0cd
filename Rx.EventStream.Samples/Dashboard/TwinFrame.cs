namespace Rx.Samples.Dashboard;

/// <summary>How a subscriber fares on the subject.</summary>
/// <param name="Delivered">How many events it got.</param>
/// <param name="Rate">How many in the last second.</param>
/// <param name="Busy">Whether its OnNext is running and takes its time, so that whoever called it waits.</param>
/// <param name="End">How its subscription ended, or null.</param>
internal sealed record TwinFrame(long Delivered, double Rate, bool Busy, string? End);
