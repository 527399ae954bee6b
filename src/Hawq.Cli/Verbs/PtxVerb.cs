using System.CommandLine;
using System.Globalization;
using Hawq.Cli.Frame;
using Hawq.Cli.Gpu;
using Hawq.Compilation.Ptx;
using Hawq.Gpu;
using Hawq.Model;
using Spectre.Console;

namespace Hawq.Cli.Verbs;

/// <summary><c>hawq ptx MANIFEST -o DIR</c>: the GPU kernels as PTX for a T4, with neither a GPU nor a driver.</summary>
internal sealed class PtxVerb : Verb
{
    private readonly Argument<string> _manifest = ManifestArgument();
    private readonly Option<string?> _output = new("--output", "-o") { Description = "Folder for one .ptx file per kernel.", HelpName = "DIR" };
    private readonly Option<string?> _resource = new("--resource") { Description = "One file with all kernels, to embed: NAME.hawq.ptx beside NAME.hawq.json is embedded by the build.", HelpName = "FILE" };
    private readonly Option<bool> _sass = new("--sass") { Description = "Assemble every kernel with ptxas and nvdisasm (NVIDIA's CUDA toolkit, found on PATH) and show registers, spills and instructions." };
    private readonly Option<int> _batch = new("--batch") { Description = "Images of the launch table.", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _json = JsonOption();

    /// <inheritdoc/>
    public override string Name => "ptx";

    /// <inheritdoc/>
    public override string Description => "Compiles the GPU kernels of a network to PTX for sm_75 (T4), with neither a GPU nor a driver, and lists the launches.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples =>
    [
        new("hawq ptx resnet20.hawq.json -o ptx", "Read what the driver gets: a file per kernel, and the launches."),
        new("hawq ptx resnet20.hawq.json --resource resnet20.hawq.ptx", "PTX made once: a build embeds it, and loading the network needs no compiler but the driver's."),
        new("hawq ptx resnet20.hawq.json --sass", "Registers, spills and instruction mix, where NVIDIA's assembler is installed."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_manifest, _output, _resource, _sass, _batch, _json];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        string? folder = parsed.GetValue(_output);
        string? resource = parsed.GetValue(_resource);
        bool sass = parsed.GetValue(_sass);
        int batch = parsed.GetValue(_batch);
        if (folder is null && resource is null && !sass)
        {
            throw new HawqException(HawqIds.Usage, "Say what to make: -o DIR, --resource FILE or --sass.");
        }

        if (batch < 1)
        {
            throw new HawqException(HawqIds.Usage, "--batch must be at least 1.");
        }

        CudaTools? tools = sass ? CudaTools.Find() : null;
        (Network network, NetworkWeights weights) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        (GpuKernels kernels, SassFacts[]? facts) = terminal.WithProgress(progress =>
        {
            progress.Begin("compile kernels", 0);
            GpuKernels compiled = GpuKernels.Compile(network, weights);
            if (tools is null)
            {
                return (compiled, (SassFacts[]?)null);
            }

            progress.Begin("assemble", compiled.Ptx.Kernels.Count);
            List<SassFacts> assembled = [];
            foreach (KernelPtx kernel in compiled.Ptx.Kernels)
            {
                terminal.Cancellation.ThrowIfCancellationRequested();
                assembled.Add(tools.Assemble(kernel));
                progress.Step(assembled.Count, kernel.Method);
            }

            return (compiled, assembled.ToArray());
        });

        LaunchRow[] launches = [.. kernels.Program.Launches.Select(launch => LaunchRow.Of(kernels, launch, batch))];
        PtxResult result = new(network.Name, "sm_75", batch, kernels.Ptx.KernelsSha256, launches, facts);
        Save(kernels, folder, resource, terminal.Cancellation);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(result);
        }
        else
        {
            Print(result, terminal);
            terminal.WriteLine($"{network.Name}: {launches.Length} launches of {kernels.Ptx.Kernels.Count} kernels, sm_75{(folder is null ? "" : $", in {folder}")}{(resource is null ? "" : $", in {resource}")}");
        }

        return ExitCode.Success;
    }

    private static void Save(GpuKernels kernels, string? folder, string? resource, CancellationToken cancellation)
    {
        using WholeFiles output = new();
        foreach (KernelPtx kernel in folder is null ? [] : kernels.Ptx.Kernels)
        {
            cancellation.ThrowIfCancellationRequested();
            output.Add(Path.Combine(folder!, kernel.Method + PtxBundle.Extension), kernel.Text);
        }

        if (resource is not null)
        {
            output.Add(resource, kernels.Ptx.ToString());
        }

        output.Commit();
    }

    private static void Print(PtxResult result, Terminal terminal)
    {
        Table table = Tables.Create("layers", "kernel");
        table.AddColumns(Tables.Right("grid"), Tables.Right("threads"), Tables.Right("shared bytes"), Tables.Right("instructions"));
        foreach (LaunchRow launch in result.Launches)
        {
            table.AddRow(
                Markup.Escape(launch.Layers), Markup.Escape(launch.Kernel), $"{launch.Grid[0]} x {launch.Grid[1]}", $"{launch.Threads}",
                Tables.CountOrNothing(launch.SharedBytes), Tables.Count(launch.Instructions));
        }

        terminal.Write(table);
        if (result.Sass is not { } sass)
        {
            return;
        }

        Table facts = Tables.Create("kernel");
        facts.AddColumns(
            Tables.Right("registers"), Tables.Right("spill bytes"), Tables.Right("stack"), Tables.Right("local ld/st"), Tables.Right("mma"), Tables.Right("dp4a"),
            Tables.Right("multiply"), Tables.Right("shared"), Tables.Right("global"), Tables.Right("other"));
        foreach (SassFacts kernel in sass)
        {
            facts.AddRow(
                [Markup.Escape(kernel.Kernel), .. new long[] { kernel.Registers, kernel.SpillBytes, kernel.StackBytes, kernel.LocalAccesses, kernel.Mma, kernel.Dp4a, kernel.Multiply, kernel.Shared, kernel.Global, kernel.Other }
                    .Select(value => value.ToString(CultureInfo.InvariantCulture))]);
        }

        terminal.Write(facts);
    }

    /// <summary>What <c>--json</c> prints.</summary>
    /// <param name="Network">Name of the network.</param>
    /// <param name="Target">Architecture.</param>
    /// <param name="Batch">Images of the launch table.</param>
    /// <param name="KernelsSha256">SHA-256 of the generated kernels.</param>
    /// <param name="Launches">In the order in which they run.</param>
    /// <param name="Sass">With <c>--sass</c>: what NVIDIA's assembler makes of every kernel.</param>
    private sealed record PtxResult(string Network, string Target, int Batch, string KernelsSha256, LaunchRow[] Launches, SassFacts[]? Sass);

    /// <summary>One launch.</summary>
    /// <param name="Layers">The layers that it computes.</param>
    /// <param name="Kernel">Kernel; the file is named after it.</param>
    /// <param name="Entry">Entry function.</param>
    /// <param name="Grid">Blocks along X and Y.</param>
    /// <param name="Threads">Threads of a block.</param>
    /// <param name="SharedBytes">Shared memory of a block.</param>
    /// <param name="Instructions">PTX instructions in the text.</param>
    /// <param name="Buffers">The tensors that it reads and writes: the main input, the residual, then what is written.</param>
    private sealed record LaunchRow(string Layers, string Kernel, string Entry, int[] Grid, int Threads, int SharedBytes, int Instructions, string[] Buffers)
    {
        public static LaunchRow Of(GpuKernels kernels, DeviceLaunch launch, int batch)
        {
            KernelPtx ptx = kernels.Of(launch);
            PtxModule text = PtxModule.Parse(ptx.Text);
            return new LaunchRow(
                launch.Layers, launch.Kernel, ptx.Entry, [launch.BlockColumns(batch), launch.BlockRows], launch.Threads, text.SharedBytes, text.Instructions.Count,
                [.. launch.Buffers.Select(index => kernels.Program.Buffers[index].Name)]);
        }
    }
}
