namespace Rx.Storage;

/// <summary>Errors of schedulers that were woken by one who has nothing to do with them; thrown to the next publisher.</summary>
internal sealed class PassedOn(List<Exception> errors) : IParked
{
    public bool IsReadyWhileParked => false;

    public void Wake() => Errors.Throw(errors);
}
