using System.Security.Cryptography;
using System.Text;
using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Hawq.CodeGen;

/// <summary>
/// Turns the manifests of a project's HawqModel items into C#: manifest, network, plan, text. Only records flow from step to step, and
/// nothing but two scalars is taken from the compilation, so typing elsewhere in the project runs no step again. What is
/// reported flows apart from what is generated. Nothing escapes but cancellation.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class HawqGenerator : IIncrementalGenerator
{
    private readonly Stages _stages;

    /// <summary>The generator as the compiler makes it.</summary>
    public HawqGenerator()
        : this(ProductStages.Instance)
    {
    }

    internal HawqGenerator(Stages stages) => _stages = stages;

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ManifestText> manifests = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, cancellation) => ReadText(pair.Left, pair.Right, cancellation))
            .Where(static manifest => manifest is not null)
            .Select(static (manifest, _) => manifest!)
            .WithTrackingName(HawqGeneratorSteps.Manifest);

        IncrementalValueProvider<ProjectFacts> project = context.CompilationProvider
            .Select(static (compilation, _) => ProjectFacts.From(compilation))
            .WithTrackingName(HawqGeneratorSteps.Project);

        IncrementalValueProvider<ModelNames> names = manifests
            .Select(static (manifest, _) => manifest.Item)
            .Collect()
            .Combine(project)
            .Select(static (pair, _) => ModelNames.Resolve(pair.Left, pair.Right))
            .WithTrackingName(HawqGeneratorSteps.Names);

        IncrementalValuesProvider<ReadModel> read = manifests
            .Select((manifest, cancellation) => Read(manifest, cancellation))
            .WithTrackingName(HawqGeneratorSteps.Read);

        IncrementalValuesProvider<PlannedModel> planned = read
            .Select(static (model, _) => new NetworkModel(model.Item, model.Network))
            .WithTrackingName(HawqGeneratorSteps.Network)
            .Select((model, cancellation) => Plan(model, cancellation))
            .WithTrackingName(HawqGeneratorSteps.Plan);

        IncrementalValueProvider<EquatableArray<DiagnosticSpec>> diagnostics = read.SelectMany(static (model, _) => model.Diagnostics).Collect()
            .Combine(planned.SelectMany(static (model, _) => model.Diagnostics).Collect())
            .Combine(names)
            .Select(static (all, _) => all.Left.Left.Concat(all.Left.Right).Concat(all.Right.Diagnostics).ToEquatableArray())
            .WithTrackingName(HawqGeneratorSteps.Diagnostics);

        // The hash of the manifest is printed into the class alone: a manifest that was only re-indented leaves the kernels as they are.
        IncrementalValueProvider<EquatableArray<ManifestHash>> hashes = read
            .Select(static (model, _) => new ManifestHash(model.Item.Path, model.Sha256))
            .Collect()
            .Select(static (all, _) => all.ToEquatableArray());

        IncrementalValuesProvider<EmittedFile> classFiles = planned.Combine(names).Combine(hashes)
            .SelectMany((all, cancellation) => EmitClass(all.Left.Left, all.Left.Right, all.Right, cancellation))
            .WithTrackingName(HawqGeneratorSteps.ClassFile);

        IncrementalValuesProvider<EmittedFile> kernelsFiles = planned.Combine(names)
            .SelectMany((all, cancellation) => EmitKernels(all.Left, all.Right, cancellation))
            .WithTrackingName(HawqGeneratorSteps.KernelsFile);

        context.RegisterSourceOutput(diagnostics, static (output, all) =>
        {
            foreach (DiagnosticSpec diagnostic in all)
            {
                output.ReportDiagnostic(diagnostic.ToDiagnostic());
            }
        });
        context.RegisterSourceOutput(classFiles, Add);

        // The bodies: a host that only wants to know what can be called may leave them out.
        context.RegisterImplementationSourceOutput(kernelsFiles, Add);
    }

    private static ManifestText? ReadText(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellation) =>
        ModelItem.From(file, options) is { } item ? new ManifestText(item, file.GetText(cancellation)?.ToString() ?? "") : null;

    private ReadModel Read(ManifestText manifest, CancellationToken cancellation)
    {
        ModelItem item = manifest.Item;
        string hash = Sha256(manifest.Text);
        return Guard.Run(
            item.Path,
            () =>
            {
                ReadResult result = _stages.Read(manifest.Text, item.Path);
                return result.Network is { } network && SidecarCheck.Problem(item, manifest.Text, network.WeightsFile) is { } problem
                    ? Failed(problem)
                    : new ReadModel(item, hash, result.Network, result.Diagnostics);
            },
            Failed,
            cancellation);

        ReadModel Failed(DiagnosticSpec diagnostic) => new(item, hash, null, EquatableArray.Of(diagnostic));
    }

    private PlannedModel Plan(NetworkModel model, CancellationToken cancellation) => model.Network is not { } network
        ? new PlannedModel(model.Item, null, default)
        : Guard.Run(
            model.Item.Path,
            () => new PlannedModel(model.Item, _stages.Plan(network), default),
            diagnostic => new PlannedModel(model.Item, null, EquatableArray.Of(diagnostic)),
            cancellation);

    private IEnumerable<EmittedFile> EmitClass(
        PlannedModel model, ModelNames names, EquatableArray<ManifestHash> hashes, CancellationToken cancellation) =>
        Emit(model, names, ".g.cs", hashes.First(hash => hash.Path == model.Item.Path).Sha256, _stages.EmitClass, cancellation);

    private IEnumerable<EmittedFile> EmitKernels(PlannedModel model, ModelNames names, CancellationToken cancellation) =>
        Emit(model, names, ".Kernels.g.cs", "", _stages.EmitKernels, cancellation);

    private static IEnumerable<EmittedFile> Emit(
        PlannedModel model, ModelNames names, string ending, string manifestSha256,
        Func<Planning.NetworkPlan, EmitTarget, string> emit, CancellationToken cancellation)
    {
        if (model.Plan is not { } plan || names.Of(model.Item) is not { } name)
        {
            return [];
        }

        string hint = name.HintName + ending;
        EmitTarget target = new(name, model.Item.FileName, manifestSha256);
        return
        [
            Guard.Run(
                model.Item.Path,
                () => new EmittedFile(hint, emit(plan, target), null),
                diagnostic => new EmittedFile(hint, null, diagnostic),
                cancellation),
        ];
    }

    private static void Add(SourceProductionContext output, EmittedFile file)
    {
        if (file.Text is { } text)
        {
            output.AddSource(file.HintName, SourceText.From(text, Encoding.UTF8));
        }
        else
        {
            output.ReportDiagnostic(file.Failure!.ToDiagnostic());
        }
    }

    private static string Sha256(string text)
    {
        using SHA256 sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(value => value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }

    private sealed record ManifestHash(string Path, string Sha256);
}
