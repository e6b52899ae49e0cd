namespace Rx.Testing.Syntax;

/// <summary>Which marks a marble line can have.</summary>
internal enum LineKind
{
    /// <summary>Notifications, and <c>^</c> for frame 0.</summary>
    Hot,

    /// <summary>Notifications from frame 0 on.</summary>
    Notifications,

    /// <summary><c>^</c> and <c>!</c>.</summary>
    Subscription,

    /// <summary>No marks: a length of time.</summary>
    Time,
}
