using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>One program, published in every way that .NET knows: it must print the same logits, and no build may warn of anything but HAWQ0201.</summary>
[Collection(PackageCollection.Name)]
public sealed class PublishTests(PackageFeed feed)
{
    private static string Platform => RuntimeInformation.RuntimeIdentifier;

    [Fact]
    public void Single_file_trimmed_and_Arm64_publishing_change_nothing()
    {
        Consumer consumer = NewConsumer("publish");
        string expected = consumer.WriteModel("net.hawq.json", TypicalNetworks.ResNet20(4));

        (string folder, string output) = consumer.Publish("single", "-r", Platform, "--self-contained", "false", "-p:PublishSingleFile=true");
        Assert.Equal(expected, Run(folder, output));
        Assert.Equal(["Consumer"], Directory.EnumerateFiles(folder).Select(Path.GetFileNameWithoutExtension).Distinct());

        (folder, output) = consumer.Publish("trimmed", "-r", Platform, "--self-contained", "true", "-p:PublishTrimmed=true");
        Assert.Equal(expected, Run(folder, output));
        Assert.True(Size(folder) < 40_000_000, $"{Size(folder)} bytes: nothing was trimmed");

        (folder, output) = consumer.Publish("arm64", "-r", "linux-arm64", "--self-contained", "false");
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
        Assert.Equal(0xB7, File.ReadAllBytes(Path.Combine(folder, "Consumer"))[18]); // ELF machine: AArch64
    }

    [NativeFact]
    public void NativeAOT_gives_the_same_logits_with_and_without_an_instruction_set()
    {
        Consumer consumer = NewConsumer("native");
        string expected = consumer.WriteModel("net.hawq.json", TypicalNetworks.ResNet20(4));

        (string folder, string output) = consumer.Publish("baseline", "-r", Platform, "-p:PublishAot=true");
        if (RuntimeInformation.OSArchitecture == Architecture.X64)
        {
            Assert.Contains("warning HAWQ0201", output, StringComparison.Ordinal);
        }

        Assert.Equal(expected, Run(folder, output.Replace("warning HAWQ0201", "", StringComparison.Ordinal)));

        // Publishing again with other instructions compiles again only what NativeAOT compiles.
        if (Avx2.IsSupported)
        {
            (folder, output) = consumer.Publish("v3", "-r", Platform, "-p:PublishAot=true", "-p:IlcInstructionSet=x86-64-v3");
            Assert.Equal(expected, Run(folder, output));
        }
    }

    private Consumer NewConsumer(string name)
    {
        Consumer consumer = feed.NewConsumer(name);
        consumer.WriteProject("""<HawqModel Include="net.hawq.json" />""", "<InvariantGlobalization>true</InvariantGlobalization>");
        consumer.Write("Program.cs", Consumer.PrintsLogits.Replace("NAME", "Consumer.Net", StringComparison.Ordinal));
        return consumer;
    }

    private static string Run(string folder, string output)
    {
        Assert.DoesNotContain("warning ", output, StringComparison.Ordinal);
        CommandResult result = DotNet.Start(Path.Combine(folder, "Consumer"), folder);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output.Trim();
    }

    private static long Size(string folder) => Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length);

    /// <summary>A test that needs the C compiler that NativeAOT links with.</summary>
    private sealed class NativeFactAttribute : FactAttribute
    {
        public NativeFactAttribute() => Skip = new[] { "clang", "gcc" }.Any(compiler => File.Exists(Path.Combine("/usr/bin", compiler)))
            ? null!
            : "No C compiler, which NativeAOT links with (Debian: apt-get install clang zlib1g-dev).";
    }
}
