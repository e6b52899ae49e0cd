using Microsoft.CodeAnalysis;

namespace Rx.Analyzers;

/// <summary>The types that the analyzers ask about, in one compilation.</summary>
internal sealed class StreamTypes
{
    private readonly INamedTypeSymbol _stream;
    private readonly INamedTypeSymbol? _view;
    private readonly INamedTypeSymbol? _position;
    private readonly INamedTypeSymbol? _reader;
    private readonly INamedTypeSymbol? _projection;
    private readonly INamedTypeSymbol? _options;
    private readonly INamedTypeSymbol? _lagPolicy;
    private readonly INamedTypeSymbol? _faultPolicy;
    private readonly INamedTypeSymbol? _extensions;
    private readonly INamedTypeSymbol? _operators;
    private readonly INamedTypeSymbol? _subscribing;
    private readonly INamedTypeSymbol? _observable;

    private StreamTypes(Compilation compilation, INamedTypeSymbol stream)
    {
        _stream = stream;
        _view = compilation.GetTypeByMetadataName("Rx.EventObservable`1");
        _position = compilation.GetTypeByMetadataName("Rx.EventPosition`1");
        _reader = compilation.GetTypeByMetadataName("Rx.EventReader`1");
        _projection = compilation.GetTypeByMetadataName("Rx.EventProjection`2");
        _options = compilation.GetTypeByMetadataName("Rx.EventStreamOptions");
        _lagPolicy = compilation.GetTypeByMetadataName("Rx.LagPolicy");
        _faultPolicy = compilation.GetTypeByMetadataName("Rx.FaultPolicy`1");
        _extensions = compilation.GetTypeByMetadataName("Rx.EventStreamExtensions");
        _operators = compilation.GetTypeByMetadataName("System.Reactive.Linq.Observable");
        _subscribing = compilation.GetTypeByMetadataName("System.ObservableExtensions");
        _observable = compilation.GetTypeByMetadataName("System.IObservable`1");
    }

    /// <summary>Null if the compilation does not use the library.</summary>
    public static StreamTypes? Of(Compilation compilation) =>
        compilation.GetTypeByMetadataName("Rx.EventStream`1") is { } stream ? new StreamTypes(compilation, stream) : null;

    public bool IsStream(ITypeSymbol? type) => Is(type, _stream);

    /// <summary>A stream, or the <c>EventObservable</c> of one.</summary>
    public bool IsStreamOrView(ITypeSymbol? type) => IsStream(type) || Is(type, _view);

    public bool IsPosition(ITypeSymbol? type) => Is(type, _position);

    public bool IsReader(ITypeSymbol? type) => Is(type, _reader);

    public bool IsProjection(ITypeSymbol? type) => Is(type, _projection);

    public bool IsLagPolicy(ITypeSymbol? type) => Is(type, _lagPolicy);

    public bool IsFaultPolicy(ITypeSymbol? type) => Is(type, _faultPolicy);

    /// <summary>One of Rx's operators, such as <c>Where</c>.</summary>
    public bool IsOperator(IMethodSymbol method) => Is(method.ContainingType, _operators);

    /// <summary>One of the library's operators on any observable.</summary>
    public bool IsExtension(IMethodSymbol method) => Is(method.ContainingType, _extensions);

    /// <summary>Subscribes an observer, or functions that become one.</summary>
    public bool IsSubscribe(IMethodSymbol method) =>
        method.Name == "Subscribe"
        && (Is(method.ContainingType, _subscribing) || Is(method.ContainingType, _observable) || IsStreamOrView(method.ContainingType));

    /// <summary>An operator that calls its observer inside the call that it gets itself, and subscribes to its source when it is
    /// subscribed to.</summary>
    public bool IsSynchronousOperator(IMethodSymbol method) =>
        IsOperator(method)
            ? method.Name is "Where" or "Select" or "Cast" or "OfType" or "DistinctUntilChanged" or "Skip" or "Scan" or "Do"
                    or "AsObservable"
                && !method.Parameters.Any(static p => p.Name == "duration" || (p.Type.TypeKind == TypeKind.Interface && p.Ordinal > 0))
            : method.Name == "WithSequence" && IsStreamOrView(method.ContainingType);

    public bool IsOptions(ITypeSymbol? type) => Is(type, _options);

    /// <summary>A type of <c>System</c> itself, or of a namespace in it and the namespaces in that.</summary>
    public static bool IsOfSystem(ITypeSymbol? type, string name)
    {
        string? inner = null;
        INamespaceSymbol? ns = type?.ContainingNamespace;
        for (; ns is { IsGlobalNamespace: false, ContainingNamespace.IsGlobalNamespace: false }; ns = ns.ContainingNamespace)
        {
            inner = ns.Name;
        }

        return ns?.Name == "System" && (inner ?? "") == name;
    }

    private static bool Is(ITypeSymbol? type, INamedTypeSymbol? known) =>
        type is not null && known is not null && SymbolEqualityComparer.Default.Equals(type.OriginalDefinition, known);
}
