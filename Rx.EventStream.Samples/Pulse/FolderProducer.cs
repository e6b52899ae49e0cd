namespace Rx.Samples.Pulse;

/// <summary>Publishes the changes to the files of a folder, as the operating system reports them.</summary>
internal sealed class FolderProducer(string folder, IObserver<PulseEvent> stream) : Producer("folder", stream)
{
    /// <summary>Needed because the watcher can still report changes while it is disposed.</summary>
    private readonly Lock _gate = new();
    private FileSystemWatcher? _watcher;
    private bool _isStopped;

    public override void Start()
    {
        try
        {
            _watcher = new FileSystemWatcher(folder)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size,
            };
            _watcher.Created += OnChange;
            _watcher.Changed += OnChange;
            _watcher.Deleted += OnChange;
            _watcher.Renamed += OnChange;
            _watcher.Error += (_, e) => Unavailable = e.GetException().Message;
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception error)
            when (error is IOException or ArgumentException or PlatformNotSupportedException or UnauthorizedAccessException)
        {
            // The limit of watches is reached, or the file system does not support them. The other producers still work.
            Unavailable = error.Message;
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
        }

        _watcher?.Dispose();
    }

    private void OnChange(object sender, FileSystemEventArgs e)
    {
        double size = SizeOf(e.FullPath);
        lock (_gate)
        {
            if (!_isStopped)
            {
                Publish("folder.file.size", size, "By", $"{e.ChangeType} {e.Name}");
            }
        }
    }

    private static long SizeOf(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0; // already deleted, or a folder
        }
    }
}
