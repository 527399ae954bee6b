using Hawq.Testing;

namespace Hawq.Fuzz;

/// <summary>Inputs that once were findings: <c>Regressions/TARGET/NAME.bin</c>.</summary>
internal static class Regression
{
    /// <summary>Those of all targets.</summary>
    public static IEnumerable<(FuzzTarget Target, string File)> All() =>
        FuzzTarget.All.SelectMany(target => Files(Path.Combine(AppContext.BaseDirectory, "Regressions", target.Name)).Select(file => (target, file)));

    /// <summary>Keeps a finding in the checkout.</summary>
    public static void Save(FuzzTarget target, Finding finding)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Checkout.Root, "tests", "Hawq.Fuzz", "Regressions", target.Name)).FullName;
        File.WriteAllBytes(Path.Combine(folder, $"seed-{finding.Seed}.bin"), finding.Input);
    }

    private static string[] Files(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
}
