namespace Rx.Nats.Server;

/// <summary>Subjects of NATS: words between dots; in a pattern <c>*</c> stands for one word and a last <c>&gt;</c> for one or more.</summary>
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
}
