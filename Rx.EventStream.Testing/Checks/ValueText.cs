using System.Collections;
using System.Globalization;
using System.Reactive;

namespace Rx.Testing.Checks;

/// <summary>Values and errors as text, and when two of them are the same.</summary>
internal static class ValueText
{
    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => text,
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable values => $"[{string.Join(", ", values.Cast<object?>().Select(Of))}]",
        _ => value.ToString() ?? "",
    };

    public static string Of(Exception error) => $"{error.GetType()}: {error.Message}";

    public static string Of<T>(Notification<T> notification) => notification.Kind switch
    {
        NotificationKind.OnNext => $"OnNext({Of(notification.Value)})",
        NotificationKind.OnError => $"OnError({Of(notification.Exception!)})",
        _ => "OnCompleted()",
    };

    /// <summary>Collections are equal if their elements are, and errors of one type if they have one message.</summary>
    public static bool AreEqual<T>(Notification<T> expected, Notification<T> actual) => expected.Kind == actual.Kind && expected.Kind switch
    {
        NotificationKind.OnNext => EqualityComparer<T>.Default.Equals(expected.Value, actual.Value) || AreEqualCollections(expected.Value, actual.Value),
        NotificationKind.OnError => AreEqual(expected.Exception!, actual.Exception!),
        _ => true,
    };

    private static bool AreEqual(Exception expected, Exception actual) =>
        expected.Equals(actual) || (expected.GetType() == actual.GetType() && expected.Message == actual.Message);

    private static bool AreEqualCollections(object? expected, object? actual)
    {
        if (expected is string || actual is string || expected is not IEnumerable first || actual is not IEnumerable second)
        {
            return false;
        }

        object?[] values = [.. first.Cast<object?>()];
        object?[] others = [.. second.Cast<object?>()];
        return values.Length == others.Length && values.Zip(others).All(pair => Equals(pair.First, pair.Second) || AreEqualCollections(pair.First, pair.Second));
    }
}
