using System.Collections.Immutable;
using System.Diagnostics;
using System.Reactive.Concurrency;
using System.Text.Json.Serialization.Metadata;
using NATS.Client.Core;
using Rx.Diagnostics;
using Rx.Nats.KeyValue;
using Rx.Nats.Serialization;
using Rx.Nats.Server;
using Rx.Nats.Waiting;

namespace Rx.Nats;

/// <summary>The keys and values of a key-value bucket, kept up to date in memory.</summary>
/// <typeparam name="T">The type of the values. It must be immutable, because the values are shared.</typeparam>
/// <remarks>
/// A bucket is written with NATS.Net's key-value store, or with any other client of NATS. Revisions are the sequence numbers of the bucket's stream.
/// <para>After a lost connection, a restart of the server or the deletion of its consumer, the view reads the newest value of each key again and applies the
/// differences: values that changed, and keys that are gone. Until then it keeps the state that it has. It ends with an error only if that cannot help:
/// the bucket was deleted, or deleted and created again, a value cannot be deserialized, or a permission is missing.</para>
/// <para>The server does not tell when it removes a value because the bucket limits the age of its values. The view keeps such a value until it reads the bucket again. Servers
/// from 2.11 on can be configured to tell.</para>
/// <para><b>Concurrency.</b> All members can be used from any thread at any time.</para>
/// </remarks>
[DebuggerDisplay("{DebuggerDisplay,nq}")]
public sealed class NatsKeyValueView<T> : IAsyncDisposable
{
    private const string StreamPrefix = "KV_";

    private readonly StreamApi _api;
    private readonly string _bucket;
    private readonly INatsDeserialize<T> _serializer;
    private readonly BucketReader _reader;
    private readonly CancellationTokenSource _disposed = new();
    private readonly CancellationToken _ended;
    private readonly SequenceWaits _reached = new(0);
    private readonly CatchUpWait _caughtUp;
    private readonly EventStream<NatsKeyValueChange<T>> _changes = new(new EventStreamOptions { Scheduler = TaskPoolScheduler.Default });

    /// <summary>The newest state. Written with release by the task that follows the bucket, and by no other; read with acquire.</summary>
    private NatsSnapshot<ImmutableDictionary<string, NatsKeyValue<T>>> _current =
        new(ImmutableDictionary.Create<string, NatsKeyValue<T>>(StringComparer.Ordinal), 0);

    private NatsKeyValueView(StreamApi api, string bucket, INatsDeserialize<T> serializer)
    {
        _api = api;
        _bucket = bucket;
        _serializer = serializer;
        _ended = _disposed.Token;
        _reader = new BucketReader(api, bucket, _ended);
        _caughtUp = new CatchUpWait(api, filter: null, _reached);
        Changes = _changes.AsObservable();
    }

    /// <summary>The keys that have a value now, with their values.</summary>
    public ImmutableDictionary<string, NatsKeyValue<T>> State => Current.State;

    /// <summary>The keys that have a value now, with their values, and the bucket's revision that they belong to.</summary>
    public NatsSnapshot<ImmutableDictionary<string, NatsKeyValue<T>>> Current => Volatile.Read(ref _current);

    /// <summary>The changes from the subscription on, in the order of their revisions.</summary>
    /// <remarks>
    /// A change is in <see cref="Current"/> before an observer gets it. To get a state and exactly the changes that follow it, subscribe first, then take
    /// <see cref="Current"/>, and leave out the changes whose revision is not greater than <see cref="NatsSnapshot{TState}.Sequence"/>.
    /// <para>Observers are called on the thread pool, unless they choose another scheduler. After an outage, a key that changed several times has one
    /// change, to its newest value. With <see cref="LagPolicy.Wait"/>, the view follows the bucket no faster than its slowest observer.</para>
    /// <para>It ends with the error that ends the view. After <see cref="DisposeAsync"/>, observers are not notified, and subscribing throws an
    /// <see cref="ObjectDisposedException"/>.</para>
    /// </remarks>
    public EventObservable<NatsKeyValueChange<T>> Changes { get; }

    /// <summary>Completes when the view ends: canceled when the view is disposed, otherwise faulted with an <see cref="UnreadableEventException"/>, or with a
    /// plain <see cref="NatsEventStreamException"/> if the bucket was deleted or can no longer be read.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    private string DebuggerDisplay => $"{_bucket}: {Current.State.Count} keys, Revision = {Current.Sequence}";

    /// <summary>Opens a view of a bucket whose values are JSON.</summary>
    /// <param name="connection">The connection to use. The caller keeps ownership, and disposes it after the view.</param>
    /// <param name="bucket">The bucket's name. The bucket must exist.</param>
    /// <param name="json">How to read a value. A <c>JsonSerializerContext</c> of System.Text.Json's source generator provides it.</param>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <returns>The view, once it contains every key that the bucket has.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="bucket"/> is empty or contains characters other than letters of ASCII, digits, <c>_</c> and
    /// <c>-</c>.</exception>
    /// <exception cref="NatsEventStreamException">The server cannot be reached or does not answer, has no such bucket, or does not permit reading it.</exception>
    /// <exception cref="UnreadableEventException">A value cannot be deserialized.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public static Task<NatsKeyValueView<T>> OpenAsync(
        INatsConnection connection, string bucket, JsonTypeInfo<T> json, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(json);
        return OpenAsync(connection, bucket, new JsonEventSerializer<T>(json), cancellationToken);
    }

    /// <summary>Opens a view of a bucket whose values have a custom format.</summary>
    /// <param name="connection">The connection to use. The caller keeps ownership, and disposes it after the view.</param>
    /// <param name="bucket">The bucket's name. The bucket must exist.</param>
    /// <param name="serializer">How to read a value. It is called by one thread at a time, and never for a deletion.</param>
    /// <param name="cancellationToken">Cancels opening.</param>
    /// <returns>The view, once it contains every key that the bucket has.</returns>
    /// <inheritdoc cref="OpenAsync(INatsConnection, string, JsonTypeInfo{T}, CancellationToken)" path="/exception"/>
    public static async Task<NatsKeyValueView<T>> OpenAsync(
        INatsConnection connection, string bucket, INatsSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(serializer);
        ThrowIfInvalid(bucket);
        var api = new StreamApi(connection, StreamPrefix + bucket, maxInFlight: 1);
        var view = new NatsKeyValueView<T>(api, bucket, serializer);
        try
        {
            await api.ConnectAsync(cancellationToken).ConfigureAwait(false);
            await view.OpenAsync(cancellationToken).ConfigureAwait(false);
            return view;
        }
        catch (Exception error)
        {
            await view.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (StreamApi.IsTransient(error))
            {
                throw new NatsEventStreamException($"The server does not answer for bucket '{bucket}': {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>Completes when the view contains a revision. A client that puts a value gets its revision: a caller that waits for it reads its own write.</summary>
    /// <param name="revision">The revision, at least 0. It can lie in the future.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when <see cref="Current"/> contains every change up to and including <paramref name="revision"/>, except changes that
    /// were superseded before the view could read them.</returns>
    /// <remarks>It completes at once if the view has come that far, even if it has ended since.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="revision"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The view is disposed before. If the view ends with an error before, the task fails with that error, as
    /// <see cref="Completion"/> does.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task WhenReachedAsync(long revision, CancellationToken cancellationToken = default)
    {
        if (revision < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(revision), revision, "A revision is at least 1. At 0 there is nothing to wait for.");
        }

        return _caughtUp.WhenReachedAsync(revision, cancellationToken);
    }

    /// <summary>Completes when every change that the bucket has at the time of the call is in the view.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that completes when <see cref="Current"/> contains those changes.</returns>
    /// <remarks>The call asks the server for the bucket's last revision. If the server cannot be reached, the call asks again until it can.</remarks>
    /// <exception cref="ObjectDisposedException">The view is disposed, or is disposed before. If the view ends with an error before, the task fails with
    /// that error, as <see cref="Completion"/> does.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public Task WhenCaughtUpAsync(CancellationToken cancellationToken = default) => _caughtUp.WhenCaughtUpAsync(cancellationToken);

    /// <summary>Ends the view and deletes its consumer on the server. <see cref="Current"/> keeps its last value. Calling it again does nothing.</summary>
    /// <returns>A task that completes when all of that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        if (!_disposed.IsCancellationRequested)
        {
            await _disposed.CancelAsync().ConfigureAwait(false);
        }

        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _reader.DisposeAsync().ConfigureAwait(false);
        _reached.End(new ObjectDisposedException(TypeName.Of(typeof(NatsKeyValueView<T>))));
        _changes.Dispose();
        _api.Dispose();
    }

    private static void ThrowIfInvalid(string bucket)
    {
        ArgumentException.ThrowIfNullOrEmpty(bucket);
        if (!bucket.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new ArgumentException($"'{bucket}' is no name of a bucket: it can contain letters of ASCII, digits, '_' and '-'.", nameof(bucket));
        }
    }

    /// <summary>Reads the first snapshot, then begins to follow the bucket.</summary>
    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static disposed => ((CancellationTokenSource)disposed!).Cancel(), _disposed))
        {
            await _reader.OpenAsync(_ended).ConfigureAwait(false);
            Apply(await _reader.ReadSnapshotAsync().ConfigureAwait(false)); // without its changes: no observer can have subscribed
        }

        cancellationToken.ThrowIfCancellationRequested();
        Completion = Task.Run(FollowAsync, CancellationToken.None);
    }

    private async Task FollowAsync()
    {
        try
        {
            while (true)
            {
                while (await _reader.ReadNextAsync().ConfigureAwait(false) is { } entry)
                {
                    await PublishAsync(Apply(entry)).ConfigureAwait(false);
                }

                foreach (NatsKeyValueChange<T> change in Apply(await _reader.ReadSnapshotAsync().ConfigureAwait(false)))
                {
                    await PublishAsync(change).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error) when (!_ended.IsCancellationRequested)
        {
            _reached.End(error);
            _changes.OnError(error);
            throw;
        }
    }

    private async ValueTask PublishAsync(NatsKeyValueChange<T> change) => await _changes.OnNextAsync(change, _ended).ConfigureAwait(false);

    private NatsKeyValueChange<T> Apply(BucketEntry entry)
    {
        NatsKeyValueChange<T> change = ToChange(entry);
        // plain: no other thread writes the state.
        Publish(change.Kind is NatsKeyValueChangeKind.Put ? _current.State.SetItem(change.Key, ToValue(change)) : _current.State.Remove(change.Key), change.Revision);
        return change;
    }

    /// <summary>Applies the differences between the state and a snapshot as one change of the state, and returns them by revision.</summary>
    private List<NatsKeyValueChange<T>> Apply(BucketSnapshot snapshot)
    {
        // plain: no other thread writes the state.
        ImmutableDictionary<string, NatsKeyValue<T>> before = _current.State;
        ImmutableDictionary<string, NatsKeyValue<T>>.Builder after = before.ToBuilder();
        var changes = new List<NatsKeyValueChange<T>>();
        foreach (BucketEntry entry in snapshot.Entries)
        {
            bool hasValue = after.TryGetValue(entry.Key, out NatsKeyValue<T>? value);
            if (entry.Kind is NatsKeyValueChangeKind.Put && value?.Revision != entry.Revision)
            {
                NatsKeyValueChange<T> change = ToChange(entry);
                after[entry.Key] = ToValue(change);
                changes.Add(change);
            }
            else if (entry.Kind is not NatsKeyValueChangeKind.Put && (hasValue || entry.Revision > _current.Sequence))
            {
                after.Remove(entry.Key);
                changes.Add(ToChange(entry));
            }
        }

        foreach (string key in before.Keys.Where(key => !snapshot.Keys.Contains(key)))
        {
            after.Remove(key);
            changes.Add(new NatsKeyValueChange<T>(key, NatsKeyValueChangeKind.Purge, default, snapshot.Revision));
        }

        Publish(after.ToImmutable(), snapshot.Revision);
        return changes;
    }

    private void Publish(ImmutableDictionary<string, NatsKeyValue<T>> state, long revision)
    {
        Volatile.Write(ref _current, new NatsSnapshot<ImmutableDictionary<string, NatsKeyValue<T>>>(state, revision));
        _reached.Advance(revision);
    }

    private NatsKeyValueChange<T> ToChange(BucketEntry entry) =>
        new(entry.Key, entry.Kind, entry.Kind is NatsKeyValueChangeKind.Put ? Deserialize(entry) : default, entry.Revision);

    private static NatsKeyValue<T> ToValue(NatsKeyValueChange<T> change) => new(change.Value!, change.Revision);

    private T? Deserialize(BucketEntry entry)
    {
        try
        {
            return _serializer.Deserialize(new(entry.Data));
        }
        catch (Exception error)
        {
            throw new UnreadableEventException(_api.Stream, entry.Revision, entry.Subject, error);
        }
    }
}
