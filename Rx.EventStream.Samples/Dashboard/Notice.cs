namespace Rx.Samples.Dashboard;

/// <summary>A message about something that the user did not ask for.</summary>
internal sealed record Notice(int Id, string Text);
