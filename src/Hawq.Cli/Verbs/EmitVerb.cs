using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Cli.Generation;
using Hawq.CodeGen.Emit;
using Hawq.Model;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq emit MANIFEST -o DIR</c>: the generated files, to read, review or check in.</summary>
internal sealed class EmitVerb : Verb
{
    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string> _output = new("--output", "-o") { Description = "Folder for the generated files.", HelpName = "DIR" };
    private readonly Option<string> _namespace = new("--namespace") { Description = "Namespace of the generated class; a build uses the project's root namespace. Default: none.", HelpName = "NAME", DefaultValueFactory = _ => "" };
    private readonly Option<string> _class = new("--class") { Description = "Name of the generated class; by default made from the file name, as a build does.", HelpName = "NAME", DefaultValueFactory = _ => "" };
    private readonly Option<bool> _time = new("--time") { Description = "Write nothing; print how long the generator takes: at first, for a changed manifest, and after an edit elsewhere in the project." };
    private readonly Option<bool> _check = new("--check") { Description = "Write nothing; exit with code 3 when a file in DIR is missing or differs." };

    /// <inheritdoc/>
    public override string Name => "emit";

    /// <inheritdoc/>
    public override string Description => "Writes the C# that the source generator adds to a project: the very text, made by the generator itself.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq emit resnet20.hawq.json -o Generated", "Read what runs."),
        new("hawq emit resnet20.hawq.json -o Generated --namespace Acme.Vision --class Resnet20", "With the names that a project uses."),
        new("hawq emit resnet20.hawq.json -o Generated --check", "In a build: fail when checked-in generated code is stale."),
        new("hawq emit resnet20.hawq.json --time", "What the network costs in an IDE."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _output, _namespace, _class, _check, _time];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string manifest = parsed.GetRequiredValue(_manifest);
        InputFiles.RequireFile(manifest);
        if (parsed.GetValue(_time))
        {
            GeneratorTimes times = GeneratorHost.Time(manifest, terminal.Cancellation);
            terminal.WriteLine($"first run                     {Milliseconds(times.First)}");
            terminal.WriteLine($"after a change of the model   {Milliseconds(times.Again)}");
            terminal.WriteLine($"after an edit elsewhere       {Milliseconds(times.Typing)}");
            return ExitCode.Success;
        }

        string folder = parsed.GetValue(_output) ?? throw new HawqException(HawqIds.Usage, "-o DIR is missing: the folder for the generated files.");
        IReadOnlyList<GeneratedFile> files = GeneratorHost.Run(
            manifest, parsed.GetRequiredValue(_class), parsed.GetRequiredValue(_namespace), terminal.Cancellation);
        return parsed.GetValue(_check) ? Check(files, folder, terminal) : Write(files, folder, terminal);
    }

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds,9:F2} ms");

    private static int Write(IReadOnlyList<GeneratedFile> files, string folder, Terminal terminal)
    {
        using WholeFiles output = new();
        foreach (GeneratedFile file in files)
        {
            output.Add(Path.Combine(folder, file.HintName), file.Text);
        }

        output.Commit();
        foreach (GeneratedFile file in files)
        {
            terminal.WriteLine($"{Path.Combine(folder, file.HintName)}: {Tables.Count(file.Text.AsSpan().Count('\n'))} lines");
        }

        return ExitCode.Success;
    }

    private static int Check(IReadOnlyList<GeneratedFile> files, string folder, Terminal terminal)
    {
        int stale = 0;
        foreach (GeneratedFile file in files)
        {
            string path = Path.Combine(folder, file.HintName);
            if (!File.Exists(path) || File.ReadAllText(path) != file.Text)
            {
                stale++;
                terminal.Error(new HawqException(
                    HawqIds.Verification, File.Exists(path) ? "The file is not what the generator makes now. Run 'hawq emit' again." : "The file is missing. Run 'hawq emit'.", path));
            }
        }

        return stale == 0 ? ExitCode.Success : ExitCode.Failed;
    }
}
