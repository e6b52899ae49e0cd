Console.WriteLine(
    """
    Usage: dotnet run --project Rx.EventStream.Samples -- [sample] [options]

    Samples:
      pulse    this machine's live data through one stream
    """);
