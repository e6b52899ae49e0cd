namespace Rx.Diagnostics;

/// <summary>A stream as the meter sees it.</summary>
internal interface IMeteredStream
{
    StreamFigures Figures { get; }
}
