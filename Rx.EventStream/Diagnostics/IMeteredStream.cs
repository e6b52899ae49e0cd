namespace Rx.Diagnostics;

/// <summary>A stream as the meter sees it.</summary>
internal interface IMeteredStream
{
    /// <summary>What the stream has done. Runs no foreign code, since a finalizer asks too.</summary>
    StreamTotals Totals { get; }

    StreamFigures Figures { get; }
}
