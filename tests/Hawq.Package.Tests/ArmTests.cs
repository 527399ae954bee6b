using Hawq.Model;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>The generated code on Arm64: published for it, and run by an emulator where one is installed.</summary>
[Collection(PackageCollection.Name)]
public sealed class ArmTests(PackageFeed feed)
{
    private const string Emulator = "/usr/bin/qemu-aarch64";
    private const string Libraries = "/usr/aarch64-linux-gnu";

    [ArmFact]
    public void Arm64_computes_the_same_bits_with_sdot_without_it_and_in_plain_code()
    {
        Consumer consumer = feed.NewConsumer("arm");
        List<string> expected =
        [
            consumer.WriteModel("residual8.hawq.json", TypicalNetworks.ResNet20()),
            consumer.WriteModel("residual4.hawq.json", TypicalNetworks.WithShortMultipliers(TypicalNetworks.ResNet20(4))),
            consumer.WriteModel("mobile.hawq.json", Mobile()),
            consumer.WriteModel("first.hawq.json", First()),
        ];
        consumer.WriteProject(
            """<HawqModel Include="*.hawq.json" />""",
            "<RuntimeIdentifier>linux-arm64</RuntimeIdentifier><SelfContained>true</SelfContained><InvariantGlobalization>true</InvariantGlobalization>");
        consumer.Write("Program.cs", """
            using System.Runtime.Intrinsics.Arm;

            System.Console.WriteLine($"AdvSimd {AdvSimd.Arm64.IsSupported}, Dp {Dp.IsSupported}");
            using Consumer.Residual8 residual8 = new();
            using Consumer.Residual4 residual4 = new();
            using Consumer.Mobile mobile = new();
            using Consumer.First first = new();
            Print(Consumer.Residual8.InputLength, Consumer.Residual8.OutputLength, residual8.Infer);
            Print(Consumer.Residual4.InputLength, Consumer.Residual4.OutputLength, residual4.Infer);
            Print(Consumer.Mobile.InputLength, Consumer.Mobile.OutputLength, mobile.Infer);
            Print(Consumer.First.InputLength, Consumer.First.OutputLength, first.Infer);

            static void Print(int inputs, int outputs, Infer infer)
            {
                byte[] pixels = new byte[inputs];
                for (int i = 0; i < inputs; i++)
                {
                    pixels[i] = unchecked((byte)(i * 7));
                }

                int[] logits = new int[outputs];
                infer(pixels, logits);
                System.Console.WriteLine(string.Join(" ", logits));
            }

            delegate void Infer(System.ReadOnlySpan<byte> pixels, System.Span<int> logits);
            """);
        consumer.Build();

        Assert.Equal(["AdvSimd True, Dp True", .. expected], Run(consumer));
        Assert.Equal(["AdvSimd True, Dp False", .. expected], Run(consumer, "DOTNET_EnableArm64Dp=0"));
        Assert.Equal(["AdvSimd False, Dp False", .. expected], Run(consumer, "DOTNET_EnableHWIntrinsic=0"));
    }

    // Depthwise layers, and full-range codes with a zero point, which sdot does not take.
    private static (Network Network, NetworkWeights Weights) Mobile()
    {
        NetworkBuilder b = new NetworkBuilder("mobile", 4).Input(13, 17, 3, pixels: true);
        string x = b.Conv(b.InputName, 20, 3, stride: 2, activation: Activation.U8Asymmetric);
        x = b.Depthwise(x, 3, activation: Activation.U8);
        x = b.Conv(x, 36, 1, activation: Activation.U7);
        x = b.Conv(x, 36, 3, activation: Activation.S8);
        return b.Build(b.Gemm(b.GlobalAveragePool(x), 7));
    }

    // A first layer of 7x7 and stride 2: Winograd on phases.
    private static (Network Network, NetworkWeights Weights) First()
    {
        NetworkBuilder b = new NetworkBuilder("first", 6).Input(29, 32, 3, pixels: true);
        string x = b.Conv(b.InputName, 32, 7, stride: 2, activation: Activation.U7);
        return b.Build(b.Gemm(b.GlobalAveragePool(x), 7));
    }

    private static string[] Run(Consumer consumer, params string[] variables)
    {
        string program = Path.Combine(consumer.Folder, "bin", "Debug", "net10.0", "linux-arm64", "Consumer");
        CommandResult result = DotNet.Start(Emulator, consumer.Folder, ["-cpu", "max", "-L", Libraries, .. variables.SelectMany(v => new[] { "-E", v }), program]);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>A test that needs an emulator of Arm64 and its C library.</summary>
    private sealed class ArmFactAttribute : FactAttribute
    {
        public ArmFactAttribute() => Skip = File.Exists(Emulator) && Directory.Exists(Libraries)
            ? null!
            : "No emulator of Arm64 (Debian: apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross).";
    }
}
