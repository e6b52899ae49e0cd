using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Rx.Samples.Dashboard;

/// <summary>Serves the files of the page, which are embedded in the program.</summary>
internal static class PageFiles
{
    private const string Prefix = "Dashboard/";
    private const string Start = "index.html";

    private static readonly Dictionary<string, string> _types = new()
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string name = resource[Prefix.Length..];
            string type = _types[Path.GetExtension(name)];
            routes.MapGet(name == Start ? "/" : $"/{name}", () => Results.Stream(assembly.GetManifestResourceStream(resource)!, type));
        }
    }
}
