namespace Rx.Nats.Server;

/// <summary>Subjects of NATS. A subject consists of words separated by dots. In a pattern, <c>*</c> stands for one word, and <c>&gt;</c> at the end for one or more.</summary>
internal static class SubjectPattern
{
    internal static bool Matches(string pattern, string subject)
    {
        string[] expected = pattern.Split('.');
        string[] words = subject.Split('.');
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] == ">")
            {
                return words.Length > i;
            }

            if (i >= words.Length || (expected[i] != "*" && expected[i] != words[i]))
            {
                return false;
            }
        }

        return words.Length == expected.Length;
    }

    /// <summary>Whether at least one subject matches both patterns.</summary>
    internal static bool Overlaps(string pattern, string other)
    {
        string[] first = pattern.Split('.');
        string[] second = other.Split('.');
        for (int i = 0; i < first.Length && i < second.Length; i++)
        {
            if (first[i] == ">" || second[i] == ">")
            {
                return true;
            }

            if (first[i] != "*" && second[i] != "*" && first[i] != second[i])
            {
                return false;
            }
        }

        return first.Length == second.Length;
    }

    /// <summary>Whether an event can be published to the subject.</summary>
    internal static bool IsSubject(string? subject)
    {
        if (string.IsNullOrEmpty(subject) || subject[0] == '.' || subject[^1] == '.' || subject.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        for (int i = 0; i < subject.Length; i++)
        {
            char c = subject[i];
            if (char.IsWhiteSpace(c) || char.IsControl(c) || (c is '*' or '>' && IsWord(subject, i)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a character is a whole word.</summary>
    private static bool IsWord(string subject, int index) =>
        (index == 0 || subject[index - 1] == '.') && (index == subject.Length - 1 || subject[index + 1] == '.');
}
