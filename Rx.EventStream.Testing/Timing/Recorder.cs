using System.Reactive;

namespace Rx.Testing.Timing;

/// <summary>Records all calls, also those that the Rx grammar forbids: a test should see these.</summary>
internal sealed class Recorder<T> : IObserver<T>
{
    private readonly MarbleRecording<T> _recording;

    public Recorder(MarbleRecording<T> recording) => _recording = recording;

    public void OnNext(T value) => _recording.Add(Notification.CreateOnNext(value));

    public void OnError(Exception error) => _recording.Add(Notification.CreateOnError<T>(error));

    public void OnCompleted() => _recording.Add(Notification.CreateOnCompleted<T>());
}
