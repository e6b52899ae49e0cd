using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Dashboard;

/// <summary>The request is not valid, or not possible now. The message is sent to the client.</summary>
internal sealed class RequestException(string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    public int Status => status;

    /// <exception cref="RequestException">The value is out of range.</exception>
    public static int InRange(string name, int value, int min, int max) =>
        value >= min && value <= max
            ? value
            : throw new RequestException($"{name} must be a whole number from {min:N0} to {max:N0}, not {value:N0}.");

    /// <summary>Parses the name of an enum value. The first value is the default.</summary>
    /// <exception cref="RequestException">There is no value with this name.</exception>
    public static T OneOf<T>(string name, string? text)
        where T : struct, Enum
    {
        T[] values = Enum.GetValues<T>();
        string[] names = [.. values.Select(v => JsonNamingPolicy.CamelCase.ConvertName($"{v}"))];
        int index = text is null ? 0 : Array.IndexOf(names, text);
        return index >= 0
            ? values[index]
            : throw new RequestException($"{name} must be one of {string.Join(", ", names)}, not '{text}'.");
    }
}
