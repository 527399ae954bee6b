using System.Text.RegularExpressions;
using Hawq.Testing;
using Xunit;

namespace Hawq.Package.Tests;

/// <summary>Projects of users, built with the packed package. Every network must print what the reference interpreter computes.</summary>
[Collection(PackageCollection.Name)]
public sealed class ConsumerTests(PackageFeed feed)
{
    [Fact]
    public void Console_program_runs_and_the_second_build_compiles_nothing_until_the_manifest_changes()
    {
        Consumer consumer = feed.NewConsumer("console");
        string expected = consumer.WriteModel("tiny-net.hawq.json", seed: 1);
        consumer.WriteProject("""<HawqModel Include="tiny-net.hawq.json" />""");
        consumer.Write("Program.cs", Consumer.PrintsLogits.Replace("NAME", "Consumer.TinyNet", StringComparison.Ordinal));

        consumer.Build();
        Assert.Equal(expected, consumer.Run());
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(consumer.Folder, "bin"), "Hawq.*", SearchOption.AllDirectories), _ => true);

        DateTime built = Compiled();
        consumer.Build();
        Assert.Equal(built, Compiled());

        string changed = consumer.WriteModel("tiny-net.hawq.json", seed: 2);
        Assert.NotEqual(expected, changed);
        consumer.Build();
        Assert.Equal(changed, consumer.Run());

        DateTime Compiled() => File.GetLastWriteTimeUtc(Path.Combine(consumer.Folder, "obj", "Debug", "net10.0", "Consumer.dll"));
    }

    [Fact]
    public void Strict_project_with_two_models_of_one_file_name_and_checked_arithmetic_builds_without_a_warning()
    {
        Consumer consumer = feed.NewConsumer("strict");
        string first = consumer.WriteModel("a/net.hawq.json", seed: 3);
        string second = consumer.WriteModel("b # c/net.hawq.json", seed: 4);
        consumer.WriteProject(
            """
            <HawqModel Include="a/net.hawq.json" ClassName="First" Namespace="Acme.Nets" />
            <HawqModel Include="b # c/net.hawq.json" />
            """,
            """
            <RootNamespace></RootNamespace>
            <ImplicitUsings>disable</ImplicitUsings>
            <Nullable>disable</Nullable>
            <AnalysisMode>All</AnalysisMode>
            <EnforceCodeStyleInBuild>true</EnforceCodeStyleInBuild>
            <GenerateDocumentationFile>true</GenerateDocumentationFile>
            <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
            <MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors>
            <CheckForOverflowUnderflow>true</CheckForOverflowUnderflow>
            <LangVersion>12</LangVersion>
            <NoWarn>$(NoWarn);CA1303</NoWarn>
            """);
        consumer.Write("Program.cs", """
            using System;

            [assembly: CLSCompliant(false)]
            [assembly: System.Runtime.InteropServices.ComVisible(false)]

            internal static class Program
            {
                private static void Main()
                {
                    byte[] pixels = new byte[Net.InputLength];
                    for (int i = 0; i < pixels.Length; i++)
                    {
                        pixels[i] = unchecked((byte)(i * 7));
                    }

                    int[] logits = new int[Net.OutputLength];
                    using Acme.Nets.First first = new Acme.Nets.First();
                    first.Infer(pixels, logits);
                    Console.WriteLine(string.Join(" ", logits));
                    using Net second = new Net();
                    second.Infer(pixels, logits);
                    Console.WriteLine(string.Join(" ", logits));
                }
            }
            """);

        Assert.Contains("0 Warning(s)", consumer.Build(), StringComparison.Ordinal);
        Assert.Equal($"{first}\n{second}", consumer.Run().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Wrong_missing_and_forbidden_things_are_errors_at_their_place()
    {
        Consumer consumer = feed.NewConsumer("errors");
        consumer.WriteModel("wrong.hawq.json", seed: 5);
        File.AppendAllText(Path.Combine(consumer.Folder, "wrong.hawq.bin"), "x");
        consumer.WriteModel("missing.hawq.json", seed: 6);
        File.Delete(Path.Combine(consumer.Folder, "missing.hawq.bin"));
        consumer.Write("broken.hawq.json", "{\n  \"format\": \"hawq/1\",\n  oops\n}\n");
        consumer.WriteProject("""<HawqModel Include="*.hawq.json" />""");
        consumer.Write("Program.cs", "System.Console.WriteLine();");

        CommandResult result = consumer.TryBuild();

        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"wrong\.hawq\.json\(\d+,\d+\): error HAWQ0006: The sidecar 'wrong\.hawq\.bin' has the SHA-256", result.Output);
        Assert.Matches(@"missing\.hawq\.json\(\d+,\d+\): error HAWQ0006: The sidecar 'missing\.hawq\.bin' does not lie beside", result.Output);
        Match broken = Regex.Match(result.Output, @"broken\.hawq\.json\(3,3\): error HAWQ0001.*\(file://(.*)#hawq0001\)");
        Assert.True(broken.Success, result.Output);
        Assert.Contains("### HAWQ0001", File.ReadAllText(Uri.UnescapeDataString(broken.Groups[1].Value)), StringComparison.Ordinal);

        consumer.WriteProject("""<HawqModel Include="absent.hawq.json" />""");
        Assert.Matches(@"Consumer\.csproj : error HAWQ0202: The HawqModel item 'absent\.hawq\.json' does not exist", consumer.TryBuild().Output);

        consumer.WriteModel("wrong.hawq.json", seed: 5);
        consumer.WriteProject("""<HawqModel Include="wrong.hawq.json" />""", "<AllowUnsafeBlocks>false</AllowUnsafeBlocks>");
        result = consumer.TryBuild();
        Assert.Contains("error HAWQ0105", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("error CS", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_target_frameworks_build_where_the_item_is_for_net10_and_say_so_where_it_is_not()
    {
        Consumer consumer = feed.NewConsumer("frameworks");
        string expected = consumer.WriteModel("net.hawq.json", seed: 8);
        WriteProject("");
        consumer.Write("Program.cs", "#if NET\n" + Consumer.PrintsLogits.Replace("NAME", "Consumer.Net", StringComparison.Ordinal) + "\n#endif\n");

        CommandResult result = consumer.TryBuild();
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(@"Consumer\.csproj : error HAWQ0204: .*this build is for netstandard2\.0.*\$\(TargetFramework\)", result.Output);
        Assert.DoesNotContain("error CS", result.Output, StringComparison.Ordinal);

        WriteProject("""Condition="'$(TargetFramework)' == 'net10.0'" """);
        Assert.Contains("0 Warning(s)", consumer.Build(), StringComparison.Ordinal);
        Assert.Equal(expected, consumer.Run());
        Assert.True(File.Exists(Path.Combine(consumer.Folder, "bin", "Debug", "netstandard2.0", "Consumer.dll")));

        void WriteProject(string condition)
        {
            consumer.WriteProject($"""<HawqModel Include="net.hawq.json" {condition}/>""", """<OutputType Condition="'$(TargetFramework)' != 'net10.0'">Library</OutputType>""");
            string project = Path.Combine(consumer.Folder, "Consumer.csproj");
            File.WriteAllText(project, File.ReadAllText(project).Replace("<TargetFramework>net10.0</TargetFramework>", "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Library_carries_its_network_to_a_program_that_does_not_know_the_package()
    {
        Consumer library = feed.NewConsumer("library");
        string expected = library.WriteModel("net.hawq.json", seed: 7);
        library.WriteProject("""<HawqModel Include="net.hawq.json" ClassName="LibraryNet" />""", "<AssemblyName>Library</AssemblyName>");
        string project = Path.Combine(library.Folder, "Consumer.csproj");
        File.WriteAllText(project, File.ReadAllText(project).Replace("<OutputType>Exe</OutputType>", "", StringComparison.Ordinal));
        Consumer program = feed.NewConsumer("program");
        program.Write("Consumer.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="../library/Consumer.csproj" />
              </ItemGroup>
            </Project>
            """);
        program.Write("Program.cs", Consumer.PrintsLogits.Replace("NAME", "Consumer.LibraryNet", StringComparison.Ordinal));

        program.Build();

        Assert.Equal(expected, program.Run());
    }
}
