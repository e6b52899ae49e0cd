using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Rx.Samples.Dashboard;

/// <summary>A request that makes no sense, or not now. Its message is for who asked.</summary>
internal sealed class RequestException(string message, int status = StatusCodes.Status400BadRequest) : Exception(message)
{
    public int Status => status;

    /// <exception cref="RequestException">The value is out of range.</exception>
    public static int InRange(string name, int value, int least, int most) =>
        value >= least && value <= most
            ? value
            : throw new RequestException($"{name} must be a whole number from {least:N0} to {most:N0}, not {value:N0}.");

    /// <summary>The value of that name, or the first one where none is given.</summary>
    /// <exception cref="RequestException">There is no value of that name.</exception>
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
