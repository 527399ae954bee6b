using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Cli.Verification;

/// <summary>
/// An instruction-set tier: what generated code sees when the runtime is told to ignore newer instructions. The switches are read
/// at process start, so every tier needs a process of its own.
/// </summary>
/// <param name="Name">For example <c>avx2</c>.</param>
/// <param name="Switches">Environment variables, each set to 0.</param>
internal sealed record Tier(string Name, string[] Switches)
{
    /// <summary>The tiers that differ on this machine, fastest first.</summary>
    public static IReadOnlyList<Tier> OfThisMachine()
    {
        if (RuntimeInformation.ProcessArchitecture is Architecture.Arm64)
        {
            Tier[] arm = [new("advsimd+dp", []), new("advsimd", ["DOTNET_EnableArm64Dp"]), s_scalar];
            return Dp.IsSupported ? arm : arm[1..];
        }

        List<Tier> tiers = [];
        if (Avx512BW.IsSupported)
        {
            tiers.Add(new("avx512", []));
        }

        if (AvxVnni.IsSupported)
        {
            tiers.Add(new("avx-vnni", ["DOTNET_EnableAVX512"]));
        }

        if (Avx2.IsSupported)
        {
            tiers.Add(new("avx2", ["DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI"]));
        }

        if (Sse41.IsSupported)
        {
            tiers.Add(new("sse4.1", ["DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI", "DOTNET_EnableAVX2", "DOTNET_EnableAVX"]));
        }

        tiers.Add(s_scalar);
        return tiers;
    }

    /// <summary>The tier of this machine with a name.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Usage"/>: this machine cannot run it.</exception>
    public static Tier Find(string name) => OfThisMachine().FirstOrDefault(tier => SameName(tier.Name, name)) ?? throw new HawqException(
        HawqIds.Usage, $"This machine cannot run {name}; it has {string.Join(", ", OfThisMachine().Select(tier => tier.Name))}. Measure where {name} is, and bring the table.");

    /// <summary>Whether two names mean the same tier: case and punctuation do not count (<c>avxvnni</c>).</summary>
    public static bool SameName(string a, string b) => Letters(a).Equals(Letters(b), StringComparison.OrdinalIgnoreCase);

    private static string Letters(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit));

    /// <summary>The tier that this process really runs, from what the runtime reports.</summary>
    public static string OfThisProcess() => true switch
    {
        _ when Avx512BW.IsSupported => "avx512",
        _ when AvxVnni.IsSupported => "avx-vnni",
        _ when Avx2.IsSupported => "avx2",
        _ when Sse41.IsSupported => "sse4.1",
        _ when Dp.IsSupported => "advsimd+dp",
        _ when AdvSimd.IsSupported => "advsimd",
        _ => "scalar",
    };

    /// <summary>Whether this process may run the kernels of an instruction set.</summary>
    public static bool Supports(InstructionSet set) => set switch
    {
        InstructionSet.Avx512 => Avx512BW.IsSupported,
        InstructionSet.AvxVnni => AvxVnni.IsSupported,
        InstructionSet.Avx2 => Avx2.IsSupported,
        InstructionSet.Vector128 => Sse41.IsSupported || AdvSimd.Arm64.IsSupported,
        _ => true,
    };

    /// <summary>Every switch that any tier uses: a child gets exactly its own.</summary>
    public static IEnumerable<string> AllSwitches =>
    [
        "DOTNET_EnableHWIntrinsic", "DOTNET_EnableAVX512", "DOTNET_EnableAVXVNNI", "DOTNET_EnableAVX2", "DOTNET_EnableAVX", "DOTNET_EnableArm64Dp",
    ];

    private static readonly Tier s_scalar = new("scalar", ["DOTNET_EnableHWIntrinsic"]);
}
