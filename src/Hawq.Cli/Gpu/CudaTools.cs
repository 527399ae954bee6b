using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Hawq.Gpu;
using Hawq.Model;

namespace Hawq.Cli.Gpu;

/// <summary>What NVIDIA's assembler makes of a kernel.</summary>
/// <param name="Kernel">Kernel.</param>
/// <param name="Registers">Per thread.</param>
/// <param name="SpillBytes">Stores and loads of spilled registers.</param>
/// <param name="StackBytes">Stack frame.</param>
/// <param name="LocalAccesses">Loads and stores of local memory.</param>
/// <param name="Mma">Tensor-core instructions.</param>
/// <param name="Dp4a">dp4a.</param>
/// <param name="Multiply">Integer multiplies.</param>
/// <param name="Shared">Shared-memory loads and stores.</param>
/// <param name="Global">Global loads and stores.</param>
/// <param name="Other">All others.</param>
internal sealed record SassFacts(
    string Kernel, int Registers, int SpillBytes, int StackBytes, int LocalAccesses, int Mma, int Dp4a, int Multiply, int Shared, int Global, int Other);

/// <summary>ptxas and nvdisasm of NVIDIA's CUDA toolkit, where they are installed: an optional check, never needed to build or run.</summary>
internal sealed partial class CudaTools
{
    private readonly string _ptxas;
    private readonly string _nvdisasm;

    private CudaTools(string ptxas, string nvdisasm)
    {
        _ptxas = ptxas;
        _nvdisasm = nvdisasm;
    }

    /// <summary>Whether both lie on PATH.</summary>
    public static bool Available => OnPath("ptxas") is not null && OnPath("nvdisasm") is not null;

    /// <summary>The tools on PATH.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.FileAccess"/>: one is missing.</exception>
    public static CudaTools Find() => new(Require("ptxas"), Require("nvdisasm"));

    /// <summary>Assembles a kernel for sm_75 and counts its instructions.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.GpuDevice"/>: the assembler refuses it.</exception>
    public SassFacts Assemble(KernelPtx kernel)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hawq-sass-");
        try
        {
            string ptx = Path.Combine(folder.FullName, "kernel.ptx");
            string cubin = Path.Combine(folder.FullName, "kernel.cubin");
            File.WriteAllText(ptx, kernel.Text);
            string report = Run(kernel.Method, _ptxas, "-arch=sm_75", "-v", ptx, "-o", cubin);
            return Facts(kernel.Method, report, Run(kernel.Method, _nvdisasm, "-c", cubin));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Reads what ptxas -v and nvdisasm print.</summary>
    internal static SassFacts Facts(string kernel, string report, string sass)
    {
        Dictionary<string, int> counts = Instruction().Matches(sass).GroupBy(match => match.Groups[1].Value).ToDictionary(group => group.Key, group => group.Count());
        int Count(params string[] names) => names.Sum(name => counts.GetValueOrDefault(name));
        int Number(Regex regex) => regex.Matches(report).Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        int mma = Count("IMMA"), dp4a = Count("IDP"), multiply = Count("IMAD"), shared = Count("LDS", "STS", "LDSM"), global = Count("LDG", "STG"), local = Count("LDL", "STL");
        int all = counts.Values.Sum() - Count("NOP");
        return new SassFacts(kernel, Number(Registers()), Number(Spills()), Number(Stack()), local, mma, dp4a, multiply, shared, global, all - mma - dp4a - multiply - shared - global - local);
    }

    private static string Require(string tool) => OnPath(tool)
        ?? throw new HawqException(
            HawqIds.FileAccess, $"'{tool}' is not on PATH. --sass needs ptxas and nvdisasm of NVIDIA's CUDA toolkit (Debian: nvidia-cuda-toolkit in non-free); everything else works without.");

    private static string? OnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? tool + ".exe" : tool))
        .FirstOrDefault(File.Exists);

    private static string Run(string kernel, string tool, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output + error.Result
            : throw new HawqException(HawqIds.GpuDevice, $"{Path.GetFileName(tool)} refuses the kernel {kernel}: {(error.Result + output).Trim()}");
    }

    [GeneratedRegex(@"^\s+/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9]*)", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex Registers();

    [GeneratedRegex(@"(\d+) bytes spill")]
    private static partial Regex Spills();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex Stack();
}
