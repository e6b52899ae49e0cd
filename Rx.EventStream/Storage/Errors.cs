using System.Runtime.ExceptionServices;

namespace Rx.Storage;

/// <summary>Exceptions of others' code that are kept until everyone has been served.</summary>
internal static class Errors
{
    internal static List<Exception>? Concat(List<Exception>? first, List<Exception>? second)
    {
        if (first is null || second is null)
        {
            return first ?? second;
        }

        first.AddRange(second);
        return first;
    }

    /// <summary>Throws one as it was, several as an <see cref="AggregateException"/>.</summary>
    internal static void Throw(List<Exception>? errors)
    {
        if (errors is null)
        {
            return;
        }

        if (errors.Count > 1)
        {
            throw new AggregateException(errors);
        }

        ExceptionDispatchInfo.Throw(errors[0]);
    }
}
