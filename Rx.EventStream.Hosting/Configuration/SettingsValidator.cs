using Microsoft.Extensions.Options;

namespace Rx.Hosting.Configuration;

/// <summary>Reports what the configuration of a stream says that is not valid.</summary>
internal sealed class SettingsValidator : IValidateOptions<EventStreamSettings>
{
    public ValidateOptionsResult Validate(string? name, EventStreamSettings options) =>
        options.Failures.Count > 0 ? ValidateOptionsResult.Fail(options.Failures) : ValidateOptionsResult.Success;
}
