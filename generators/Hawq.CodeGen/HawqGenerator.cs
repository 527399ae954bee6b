using System.Globalization;
using System.Text;
using Hawq.CodeGen.Emit;
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
            .SelectMany(static (pair, cancellation) => ReadText(pair.Left, pair.Right, cancellation))
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

        IncrementalValuesProvider<ReadModel> read = manifests.Select(Read).WithTrackingName(HawqGeneratorSteps.Read);
        IncrementalValuesProvider<PlannedModel> planned = read.Select(Plan).WithTrackingName(HawqGeneratorSteps.Plan);
        IncrementalValuesProvider<EmittedModel> emitted = planned.Combine(names)
            .Select((pair, cancellation) => Emit(pair.Left, pair.Right.Of(pair.Left.Source.Item), cancellation))
            .WithTrackingName(HawqGeneratorSteps.Emit);

        IncrementalValuesProvider<GeneratedFile> classFiles = emitted
            .SelectMany(static (model, _) => model.Files.Where(file => file.Public))
            .WithTrackingName(HawqGeneratorSteps.ClassFile);
        IncrementalValuesProvider<GeneratedFile> kernelFiles = emitted
            .SelectMany(static (model, _) => model.Files.Where(file => !file.Public))
            .WithTrackingName(HawqGeneratorSteps.KernelFiles);
        IncrementalValueProvider<EquatableArray<DiagnosticSpec>> diagnostics = names.Select(static (all, _) => all.Diagnostics)
            .Combine(read.SelectMany(static (model, _) => model.Diagnostics).Collect())
            .Combine(planned.SelectMany(static (model, _) => model.Diagnostics).Collect())
            .Combine(emitted.SelectMany(static (model, _) => model.Diagnostics).Collect())
            .Select(static (all, _) => all.Left.Left.Left.Concat(all.Left.Left.Right).Concat(all.Left.Right).Concat(all.Right).ToEquatableArray())
            .WithTrackingName(HawqGeneratorSteps.Diagnostics);

        IncrementalValueProvider<string> help = context.AnalyzerConfigOptionsProvider
            .Select(static (options, _) => options.GlobalOptions.TryGetValue("build_property.HawqHelp", out string? path) ? path : "");

        context.RegisterSourceOutput(diagnostics.Combine(help), static (output, pair) =>
        {
            foreach (DiagnosticSpec diagnostic in pair.Left)
            {
                output.ReportDiagnostic(diagnostic.ToDiagnostic(pair.Right));
            }
        });
        context.RegisterSourceOutput(classFiles, Add);

        // Bodies only: a host that wants to know what can be called, and not to run it, may leave them out.
        context.RegisterImplementationSourceOutput(kernelFiles, Add);
    }

    private static IEnumerable<ManifestText> ReadText(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellation) =>
        ModelItem.From(file, options) is { } item ? [new ManifestText(item, file.GetText(cancellation)?.ToString() ?? "")] : [];

    private ReadModel Read(ManifestText manifest, CancellationToken cancellation)
    {
        ModelItem item = manifest.Item;
        string hash = CodeText.Sha256(manifest.Text);
        return Guard.Run(
            manifest,
            () =>
            {
                ManifestReadResult result = _stages.Read(manifest.Text, item.Path);
                return result.Network is { } network && SidecarCheck.Problem(item, manifest.Text, network.WeightsFile) is { } problem
                    ? Failed(problem)
                    : new ReadModel(manifest, hash, result.Network, result.Diagnostics.Select(DiagnosticSpec.From).ToEquatableArray());
            },
            Failed,
            cancellation);

        ReadModel Failed(DiagnosticSpec diagnostic) => new(manifest, hash, null, EquatableArray.Of(diagnostic));
    }

    private PlannedModel Plan(ReadModel model, CancellationToken cancellation) => model.Network is not { } network
        ? new PlannedModel(model.Source, model.Sha256, null, default)
        : Guard.Run(
            model.Source,
            () => new PlannedModel(model.Source, model.Sha256, _stages.Plan(network), default),
            diagnostic => new PlannedModel(model.Source, model.Sha256, null, EquatableArray.Of(diagnostic)),
            cancellation);

    private EmittedModel Emit(PlannedModel model, ModelName? name, CancellationToken cancellation)
    {
        if (model.Plan is not { } plan || name is null)
        {
            return new EmittedModel(default, default);
        }

        EmitOptions options = new(
            name.Namespace, name.ClassName, model.Source.Item.FileName, model.Sha256, SidecarCheck.ResourceName(plan.Network.WeightsFile),
            Gpu: model.Source.Item.Gpu);
        return Guard.Run(
            model.Source,
            () => new EmittedModel(_stages.Emit(plan, options).Select(file => file with { HintName = name.FileName(file.HintName) }).ToEquatableArray(), default),
            diagnostic => new EmittedModel(default, EquatableArray.Of(diagnostic)),
            cancellation);
    }

    private static void Add(SourceProductionContext output, GeneratedFile file) =>
        output.AddSource(file.HintName, SourceText.From(file.Text, Encoding.UTF8));
}
