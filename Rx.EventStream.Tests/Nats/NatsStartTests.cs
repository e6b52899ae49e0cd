using Rx.Nats;

namespace Rx.Tests.Nats;

internal sealed class NatsStartTests : NatsFixture
{
    [Test]
    public async Task Start_Now_OnlyLaterEvents()
    {
        await StoreAsync("a", 0, 5);
        NatsEventStream<Reading> stream = await OpenAsync();
        Received received = Observe(stream.Events);

        await StoreAsync("a", 5, 3);

        received.WaitFor(3);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 6, 7, 8 }));
        Assert.That(received.Numbers, Is.EqualTo(new[] { 5, 6, 7 }));
    }

    [Test]
    public async Task Start_Oldest_AllThatServerHas()
    {
        await StoreAsync("a", 0, 10);
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 4 });

        Received received = Observe((await OpenAsync(Options(NatsStart.Oldest))).Events);

        received.WaitFor(7);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 4, 5, 6, 7, 8, 9, 10 }));
        Assert.That(received.Numbers, Is.EqualTo(new[] { 3, 4, 5, 6, 7, 8, 9 }));
    }

    [Test]
    public async Task Start_AtSequence_FromThereOn()
    {
        await StoreAsync("a", 0, 10);

        Received received = Observe((await OpenAsync(Options(NatsStart.At(8)))).Events);

        received.WaitFor(3);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 8, 9, 10 }));
    }

    [Test]
    public async Task Start_SinceTime_EventsStoredSince()
    {
        await StoreAsync("a", 0, 10);
        DateTimeOffset time = DateTimeOffset.UtcNow;
        await StoreAsync("a", 10, 3);

        Received received = Observe((await OpenAsync(Options(NatsStart.Since(time)))).Events);

        received.WaitFor(3);
        Assert.That(received.Numbers, Is.EqualTo(new[] { 10, 11, 12 }));
    }

    [Test]
    public async Task Start_SinceFutureTime_OnlyEventsStoredThen()
    {
        DateTimeOffset time = DateTimeOffset.UtcNow.AddSeconds(1);
        Received received = Observe((await OpenAsync(Options(NatsStart.Since(time)))).Events);
        await StoreAsync("a", 0, 3);

        await Task.Delay(time - DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(100));
        await StoreAsync("a", 3, 2);

        received.WaitFor(2);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 4, 5 }));
    }

    [Test]
    public async Task Start_LastPerSubject_NewestOfEachThenAll()
    {
        await StoreAsync("a", 0, 3);
        await StoreAsync("b", 10, 3);
        await StoreAsync("a", 3, 1);
        await StoreAsync("c", 20, 2);
        NatsEventStream<Reading> stream = await OpenAsync(Options(NatsStart.LastPerSubject));
        Received received = Observe(stream.Events);
        received.WaitFor(3);

        await StoreAsync("b", 13, 2);

        received.WaitFor(5);
        Assert.That(received.Numbers, Is.EqualTo(new[] { 12, 3, 21, 13, 14 }));
        Assert.That(received.Sequences, Is.EqualTo(new[] { 6, 7, 9, 10, 11 }));
    }

    [Test]
    public async Task Start_LastPerSubjectOfEmptyStream_AllLaterEvents()
    {
        Received received = Observe((await OpenAsync(Options(NatsStart.LastPerSubject))).Events);

        await StoreAsync("a", 0, 3);

        received.WaitFor(3);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public async Task Start_BeforeOldest_Gap()
    {
        await StoreAsync("a", 0, 10);
        await JetStream.PurgeStreamAsync(Name, new() { Seq = 6 });

        EventStreamGapException? gap = await Assert.ThrowsAsync<EventStreamGapException>(() => OpenAsync(Options(NatsStart.At(3))));

        Assert.That((gap!.From, gap.To), Is.EqualTo((3, 5)));
        Assert.That(await ConsumersAsync(), Is.Empty);
    }

    [Test]
    public async Task Start_BeyondEnd_Fails()
    {
        await StoreAsync("a", 0, 2);

        await Assert.ThatAsync(
            () => OpenAsync(Options(NatsStart.At(4))),
            Throws.TypeOf<NatsEventStreamException>().With.Message.Contains(Name).And.Message.Contains("2").And.Message.Contains("4"));
    }

    [Test]
    public async Task Filter_SomeSubjects_OnlyTheirEvents()
    {
        NatsEventStream<Reading> stream = await OpenAsync(Options(filter: $"{Name}.b"));
        Received received = Observe(stream.Events);

        await StoreAsync("a", 0, 2);
        await StoreAsync("b", 10, 2);
        await StoreAsync("a", 2, 2);
        await StoreAsync("b", 12, 1);

        received.WaitFor(3);
        Assert.That(received.Sequences, Is.EqualTo(new[] { 3, 4, 7 }));
        Assert.That(received.Error, Is.Null);
    }

    [Test]
    public void At_LessThanOne_Throws() =>
        Assert.That(() => NatsStart.At(0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("sequence"));
}
