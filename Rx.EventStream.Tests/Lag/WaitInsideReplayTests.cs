using Rx.Tests.Contract;

namespace Rx.Tests.Lag;

public sealed class WaitInsideReplayTests
{
    [Test]
    public void OnNext_FromInsideAReplayWithoutRoom_ThrowsInsteadOfWaiting()
    {
        using var stream = new EventStream<int>(new EventStreamOptions { Retention = Retention.All });
        stream.OnNext(0);
        using EventReader<int> full = stream.AsObservable().OnLag(LagPolicy.Wait(1)).OpenReader();
        Exception? thrown = null;

        Task joined = Eventually.OnThread(() => stream.Subscribe(value =>
        {
            try
            {
                stream.OnNext(value + 1);
            }
            catch (InvalidOperationException error)
            {
                thrown = error;
            }
        }));

        Assert.That(joined.Wait(TimeSpan.FromSeconds(30)), Is.True, "It waits for itself.");
        Assert.That(thrown, Is.Not.Null);
    }
}
