using System.Reactive.Subjects;
using System.Threading.Channels;
using CommunityToolkit.Mvvm.Messaging;

namespace Rx.Benchmarks.Work;

internal readonly struct StreamTarget<T>(EventStream<T> stream) : ITarget<T>
{
    public void Publish(T value) => stream.OnNext(value);
}

internal readonly struct SubjectTarget<T>(Subject<T> subject) : ITarget<T>
{
    public void Publish(T value) => subject.OnNext(value);
}

internal readonly struct SynchronizedTarget<T>(ISubject<T, T> subject) : ITarget<T>
{
    public void Publish(T value) => subject.OnNext(value);
}

internal readonly struct ReplayTarget<T>(ReplaySubject<T> subject) : ITarget<T>
{
    public void Publish(T value) => subject.OnNext(value);
}

internal readonly struct R3Target<T>(R3.Subject<T> subject) : ITarget<T>
{
    public void Publish(T value) => subject.OnNext(value);
}

internal readonly struct NumberTarget<TTarget>(TTarget target) : ITarget<int>
    where TTarget : struct, ITarget<Number>
{
    public void Publish(int value) => target.Publish(new Number(value));
}

internal readonly struct MessengerTarget(StrongReferenceMessenger messenger) : ITarget<int>
{
    public void Publish(int value) => messenger.Send(new NumberMessage(value));
}

internal readonly struct ChannelsTarget<T>(ChannelWriter<T>[] channels) : ITarget<T>
{
    public void Publish(T value)
    {
        foreach (ChannelWriter<T> channel in channels)
        {
            channel.TryWrite(value);
        }
    }
}
