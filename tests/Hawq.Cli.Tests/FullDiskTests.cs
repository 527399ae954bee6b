using Hawq.Testing;
using Xunit;

namespace Hawq.Cli.Tests;

/// <summary>A disk without room: one clear message, exit code 1, and nothing half-written.</summary>
public sealed class FullDiskTests
{
    /// <summary>Mounts a disk of 16 kB where only this process tree sees it, runs the tool on it, and lists what it left.</summary>
    private const string Script = """
        mount -t tmpfs -o size=16k tmpfs "$1" || exit 77
        cd "$1" && shift && "$@"
        code=$?
        echo "left:" $(ls -A)
        exit $code
        """;

    [DiskFact]
    public void A_full_disk_is_told_and_nothing_is_left()
    {
        using TemporaryFolder folder = new();
        string manifest = SmallNetwork.Save(folder);
        string disk = Directory.CreateDirectory(folder.PathOf("disk")).FullName;

        CommandResult result = OnDisk(disk, "dotnet", typeof(HawqTool).Assembly.Location, "emit", manifest, "-o", "generated");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error HAWQ1202: The file cannot be written", result.Output, StringComparison.Ordinal);
        Assert.Contains("space", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"left:\s*$", result.Output.Split('\n').Single(line => line.StartsWith("left:", StringComparison.Ordinal)));
    }

    private static CommandResult OnDisk(string disk, params string[] command) => DotNet.Start("unshare", disk, ["-rm", "bash", "-c", Script, "disk", disk, .. command]);

    /// <summary>A test that needs the right to mount a small disk in a namespace of its own.</summary>
    private sealed class DiskFactAttribute : FactAttribute
    {
        public DiskFactAttribute() => Skip = CanMount() ? null : "This machine does not let a process mount a disk of its own (unshare -rm).";

        private static bool CanMount()
        {
            string folder = Directory.CreateTempSubdirectory("hawq-disk-").FullName;
            try
            {
                return OnDisk(folder, "true").ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false; // there is no such program
            }
            finally
            {
                Directory.Delete(folder);
            }
        }
    }
}
