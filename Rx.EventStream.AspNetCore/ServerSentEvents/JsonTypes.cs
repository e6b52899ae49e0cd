using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Rx.AspNetCore.ServerSentEvents;

/// <summary>How types are written as JSON.</summary>
internal static class JsonTypes
{
    /// <summary>What the endpoint's options say, or else the application's.</summary>
    /// <exception cref="InvalidOperationException">Neither can write the type.</exception>
    internal static JsonTypeInfo<T> Find<T>(IServiceProvider services, JsonTypeInfo<T>? given)
    {
        if (given is not null)
        {
            return given;
        }

        JsonSerializerOptions json = (services.GetService<IOptions<JsonOptions>>()?.Value ?? new JsonOptions()).SerializerOptions;
        try
        {
            return (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T));
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                $"The application's JSON options cannot write {typeof(T)}. Set Json in the endpoint's options, or add the type's JsonSerializerContext " +
                "with ConfigureHttpJsonOptions.",
                error);
        }
    }
}
