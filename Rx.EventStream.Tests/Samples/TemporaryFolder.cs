namespace Rx.Tests.Samples;

/// <summary>A temporary folder, deleted on dispose.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("rx-tests-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
