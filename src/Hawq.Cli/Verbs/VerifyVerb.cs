using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Cli.Verification;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Planning;
using Hawq.Quantization;
using Hawq.Quantization.Data;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary>
/// <c>hawq verify MANIFEST</c>: generated code against the reference interpreter, every layer, every byte, every tier. The weight facts that
/// the proofs rest on are recomputed from the sidecar when the manifest is loaded.
/// </summary>
internal sealed class VerifyVerb : Verb
{
    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string?> _data = DataOptions.Data(required: false);
    private readonly Option<string?> _labels = DataOptions.Labels();
    private readonly Option<int> _images = new("--images") { Description = "Inputs taken from --data, from its start.", HelpName = "N", DefaultValueFactory = _ => 8 };
    private readonly Option<int> _random = new("--random") { Description = "Random inputs.", HelpName = "N", DefaultValueFactory = _ => 4 };
    private readonly Option<int> _channels = new("--channels") { Description = "Output channels of the first layer for which the worst-case inputs are tried (two each).", HelpName = "N", DefaultValueFactory = _ => 4 };
    private readonly Option<string[]> _tiers = new("--tier") { Description = "Only this instruction-set tier. May be repeated.", HelpName = "NAME" };
    private readonly Option<string?> _mutate = new("--mutate") { Description = "Replaces text in the generated code (OLD=>NEW) before it is compiled, to see a verification fail.", Hidden = true };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "verify";

    /// <inheritdoc/>
    public override string Description =>
        "Compares the generated code with the reference interpreter, layer by layer and byte by byte, on every instruction-set tier of this machine.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq verify resnet20.hawq.json", "Random, extreme and worst-case inputs; exit code 3 on the first difference."),
        new("hawq verify resnet20.hawq.json --data test_batch.bin --images 32", "Real images too."),
        new("hawq verify resnet20.hawq.json --tier avx2 --tier scalar --json", "Two tiers only, for a script."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _data, _labels, _images, _random, _channels, _tiers, _mutate, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string manifest = parsed.GetRequiredValue(_manifest);
        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(manifest);
        IReadOnlyList<Tier> tiers = Tiers(parsed.GetValue(_tiers) ?? []);
        IReadOnlyList<TierResult> results = terminal.WithProgress(progress => Verify(parsed, manifest, network, weights, tiers, progress, terminal.Cancellation));
        bool passed = results.All(r => r.Difference is null);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(new VerifyResult(network.Name, passed, results));
        }
        else
        {
            Table table = Tables.Create("tier");
            table.AddColumns(Tables.Right("inputs"), Tables.Right("tensors"), Tables.Right("bytes compared"), Tables.Left("result"));
            foreach (TierResult result in results)
            {
                table.AddRow(result.Tier, $"{result.Inputs}", $"{result.Tensors}", Tables.Count(result.BytesCompared), result.Difference is null ? "identical" : "DIFFERENT");
            }

            terminal.WriteLine($"{network.Name}: generated code against the reference interpreter");
            terminal.Write(table);
        }

        foreach (TierResult result in results.Where(r => r.Difference is not null))
        {
            terminal.Error(new HawqException(HawqIds.Verification, $"On tier {result.Tier}: {result.Difference}. This is a bug of Hawq.CodeGen; please report it.", manifest));
        }

        return passed ? ExitCode.Success : ExitCode.Failed;
    }

    private IReadOnlyList<TierResult> Verify(
        ParseResult parsed, string manifest, Network network, NetworkWeights weights, IReadOnlyList<Tier> tiers, IProgressSink progress, CancellationToken cancellation)
    {
        VerificationInput[] inputs =
        [
            .. VerificationInputs.Synthetic(network, weights, parsed.GetValue(_random), parsed.GetValue(_channels)),
            .. FromData(parsed, network),
        ];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hawq-verify-");
        try
        {
            progress.Begin("compile the generated code", 0);
            string image = Path.Combine(folder.FullName, "network.dll");
            using (CompiledNetwork compiled = CompiledNetwork.Compile(network, weights, new CompilationOptions(Trace: true, Rewrite: Mutation(parsed.GetValue(_mutate)))))
            {
                File.WriteAllBytes(image, compiled.Image);
            }

            progress.Begin("reference interpreter", inputs.Length);
            string cases = Path.Combine(folder.FullName, "cases.bin");
            using (BinaryWriter writer = new(File.Create(cases)))
            {
                int done = 0;
                foreach (VerificationCase item in VerificationCases.Compute(network, weights, inputs))
                {
                    cancellation.ThrowIfCancellationRequested();
                    VerificationCases.Write(writer, item);
                    progress.Step(++done);
                }
            }

            progress.Begin("instruction-set tiers", tiers.Count);
            List<TierResult> results = [];
            foreach (Tier tier in tiers)
            {
                TierResult result = TierProcess.Run(tier, Path.GetFullPath(manifest), image, cases, cancellation);
                if (result.Ran != tier.Name)
                {
                    throw new InvalidOperationException($"Tier {tier.Name} was asked for, and the runtime offered {result.Ran}.");
                }

                results.Add(result);
                progress.Step(results.Count, tier.Name);
            }

            return results;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private IEnumerable<VerificationInput> FromData(ParseResult parsed, Network network)
    {
        if (parsed.GetValue(_data) is not { } path)
        {
            yield break;
        }

        using IDataSet data = DataOptions.OpenFor(network, path, parsed.GetValue(_labels));
        for (int i = 0; i < Math.Min(parsed.GetValue(_images), data.Count); i++)
        {
            yield return new VerificationInput($"{data.Name} {i}", NetworkInputs.Read(network, data, i));
        }
    }

    private static IReadOnlyList<Tier> Tiers(string[] names)
    {
        IReadOnlyList<Tier> all = Tier.OfThisMachine();
        return names.Length == 0
            ? all
            :
            [
                .. names.Select(name => all.FirstOrDefault(t => t.Name == name) ?? throw new HawqException(
                    HawqIds.Usage, $"This machine has no tier '{name}'; it has {string.Join(", ", all.Select(t => t.Name))}.")),
            ];
    }

    private static Func<string, string>? Mutation(string? rule)
    {
        if (rule is null)
        {
            return null;
        }

        string[] parts = rule.Split("=>");
        return parts.Length == 2
            ? text => text.Replace(parts[0], parts[1], StringComparison.Ordinal)
            : throw new HawqException(HawqIds.Usage, $"--mutate {rule}: write OLD=>NEW.");
    }

    /// <summary>What <c>--json</c> prints.</summary>
    private sealed record VerifyResult(string Network, bool Passed, IReadOnlyList<TierResult> Tiers);
}
