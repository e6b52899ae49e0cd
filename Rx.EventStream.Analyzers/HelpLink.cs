using System.Reflection;
using System.Text.RegularExpressions;

namespace Rx.Analyzers;

/// <summary>Where the page of a diagnostic is.</summary>
internal static class HelpLink
{
    /// <summary>The repository that this assembly was built from, if that is on GitHub.</summary>
    private static readonly string? _repository = typeof(HelpLink).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Where(static data => data.Key == "RepositoryUrl")
        .Select(static data => Regex.Match(data.Value, @"^https://github\.com/[^/]+/.+?(?=(\.git)?$)"))
        .FirstOrDefault(static url => url.Success)?.Value;

    /// <summary>The page in the repository, or else the page of the package, which lists all diagnostics.</summary>
    public static string To(string id) => _repository is null
        ? "https://www.nuget.org/packages/Rx.EventStream"
        : $"{_repository}/blob/main/docs/analyzers/{id}.md";
}
