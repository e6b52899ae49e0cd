using System.Text.RegularExpressions;

namespace Rx.Tests.Models;

/// <summary>The protocols between threads hold in every interleaving of their models, and each mutant of a model fails.</summary>
/// <remarks>spin explores every state. With tcc, which compiles ten times as fast as gcc, all of them take a minute. README.md says how
/// to run a model by hand.</remarks>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class ModelTests
{
    private static readonly string[] _programs = ["spin", "gcc"];

    private static IEnumerable<Model> Configurations => Model.All.Where(model => model.Holds);

    private static IEnumerable<Model> Mutants => Model.All.Where(model => !model.Holds);

    [TestCaseSource(nameof(Configurations))]
    public void Model_Configuration_Holds(Model model)
    {
        string output = Explore(model);

        Assert.That(ErrorsIn(output), Is.Zero, output);
        Assert.That(Incomplete().IsMatch(output), Is.False, output);
    }

    [TestCaseSource(nameof(Mutants))]
    public void Model_Mutant_Fails(Model model)
    {
        string output = Explore(model);

        Assert.That(ErrorsIn(output), Is.Positive, output);
        Assert.That(Violation().IsMatch(output), Is.True, output);
    }

    [Test]
    public void Model_EveryFile_HasConfigurationsAndMutants()
    {
        foreach (string file in Directory.GetFiles(Model.Folder, "*.pml").Select(path => Path.GetFileName(path)))
        {
            Assert.That(Configurations.Select(model => model.File), Does.Contain(file));
            Assert.That(Mutants.Select(model => model.File), Does.Contain(file));
        }
    }

    /// <summary>A mutant whose name the model does not use would be no mutant.</summary>
    [Test]
    public void Model_EveryDefinition_IsUsed()
    {
        foreach (IGrouping<string, Model> file in Model.All.GroupBy(model => model.File))
        {
            string text = File.ReadAllText(Path.Combine(Model.Folder, file.Key));
            string body = text[text.IndexOf("*/", StringComparison.Ordinal)..];
            foreach (Match name in file.SelectMany(model => Name().Matches(model.Definitions)))
            {
                Assert.That(body, Does.Match($@"#(if|ifdef|ifndef|elif)\b.*\b{name.Groups["name"].Value}\b"), file.Key);
            }
        }
    }

    private static string Explore(Model model)
    {
        // spin runs gcc as its preprocessor.
        string[] missing = [.. _programs.Where(program => !IsInstalled(program))];
        if (missing.Length > 0)
        {
            Assert.Ignore($"{string.Join(" and ", missing)} must be installed to check the models. On Debian: apt-get install spin gcc tcc");
        }

        return model.Explore(IsInstalled("tcc") ? "tcc" : "gcc");
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static int ErrorsIn(string output)
    {
        Match errors = Errors().Match(output);
        Assert.That(errors.Success, Is.True, output);
        return int.Parse(errors.Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"errors: (?<count>\d+)")]
    private static partial Regex Errors();

    /// <summary>The search did not see every state.</summary>
    [GeneratedRegex("Search not completed|max search depth too small|out of memory|memory limit", RegexOptions.IgnoreCase)]
    private static partial Regex Incomplete();

    /// <summary>The error is one of the protocol, and not of the search.</summary>
    [GeneratedRegex(@"^pan:\d+: (assertion violated|invalid end state)", RegexOptions.Multiline)]
    private static partial Regex Violation();

    [GeneratedRegex(@"-D(?<name>\w+)")]
    private static partial Regex Name();
}
