using Hawq.CodeGen.Pipeline;
using Hawq.Model;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Hawq.CodeGen.Tests.Generator;

/// <summary>Namespace, class and file names of generated code: always legal C#, unique, and never more than a name.</summary>
public sealed class ModelNamesTests
{
    [Theory]
    [InlineData("resnet20-cifar10.hawq.json", "Resnet20Cifar10")]
    [InlineData("kws_dscnn.hawq.json", "KwsDscnn")]
    [InlineData("3d net.hawq.json", "Network3dNet")]
    [InlineData("MobileNetV2.HAWQ.JSON", "MobileNetV2")]
    [InlineData("a\"; evil(); \".hawq.json", "AEvil")]
    [InlineData("caf\u00e9\u202enet.hawq.json", "CafNet")]
    public void Class_name_is_made_from_the_file_name(string file, string expected) =>
        Assert.Equal(expected, Assert.Single(Resolve(Item(file)).Names).ClassName);

    [Fact]
    public void File_name_without_ascii_letters_asks_for_ClassName()
    {
        DiagnosticSpec problem = Assert.Single(Resolve(Item("\u7db2.hawq.json")).Diagnostics);

        Assert.Equal(HawqIds.GeneratorName, problem.Id);
        Assert.Contains("ClassName", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Net; class Evil")]
    [InlineData("Net { } class Evil {")]
    [InlineData("class")]
    [InlineData("record")]
    [InlineData("Net\u200d")]
    [InlineData("9Net")]
    [InlineData("Net<T>")]
    [InlineData("Net\nclass Evil")]
    public void ClassName_that_is_not_an_identifier_is_reported(string name) =>
        Assert.Equal([HawqIds.GeneratorName], Resolve(Item("a.hawq.json", className: name)).Diagnostics.Select(problem => problem.Id));

    [Theory]
    [InlineData("A..B")]
    [InlineData("A.B;")]
    [InlineData("A.")]
    [InlineData("@@A")]
    [InlineData("A { }")]
    public void Namespace_that_is_none_is_reported(string space) =>
        Assert.Equal([HawqIds.GeneratorName], Resolve(Item("a.hawq.json", space: space)).Diagnostics.Select(problem => problem.Id));

    [Theory]
    [InlineData("Acme.event", "Acme.@event")]
    [InlineData("@event", "@event")]
    [InlineData("Acme.Nets", "Acme.Nets")]
    public void Keywords_in_a_namespace_are_escaped(string space, string expected) =>
        Assert.Equal(expected, Assert.Single(Resolve(Item("a.hawq.json", space: space)).Names).Namespace);

    [Theory]
    [InlineData("my-app", "my_app")]
    [InlineData("2048.game", "_2048.game")]
    [InlineData("a.class", "a.@class")]
    [InlineData("", "")]
    public void Root_namespace_is_made_legal(string root, string expected) =>
        Assert.Equal(expected, Assert.Single(Resolve(Item("a.hawq.json") with { RootNamespace = root }).Names).Namespace);

    [Fact]
    public void Same_file_name_in_two_folders_is_reported_at_both()
    {
        ModelNames names = Resolve(Item("a/net.hawq.json"), Item("b/net.hawq.json"));

        Assert.Empty(names.Names);
        Assert.Equal(
            [(HawqIds.GeneratorDuplicate, "/p/a/net.hawq.json"), (HawqIds.GeneratorDuplicate, "/p/b/net.hawq.json")],
            names.Diagnostics.Select(problem => (problem.Id, problem.Path)));
    }

    [Fact]
    public void Same_file_name_with_own_namespaces_gets_own_files()
    {
        ModelNames names = Resolve(Item("a/net.hawq.json", space: "A"), Item("b/net.hawq.json", space: "B"));

        Assert.Empty(names.Diagnostics);
        Assert.Equal(["A.Net", "B.Net"], names.Names.Select(name => name.HintName));
    }

    [Fact]
    public void Class_names_that_differ_in_case_get_different_files()
    {
        ModelNames names = Resolve(Item("a.hawq.json", className: "Net"), Item("b.hawq.json", className: "NET"));

        Assert.Empty(names.Diagnostics);
        Assert.Equal(2, names.Names.Select(name => name.HintName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Order_of_the_items_does_not_matter()
    {
        ModelItem[] items = [Item("c.hawq.json", className: "NET"), Item("a.hawq.json", className: "Net"), Item("b.hawq.json")];

        Assert.Equal(Resolve(items), Resolve([.. items.Reverse()]));
    }

    [Fact]
    public void Project_without_unsafe_code_is_reported_once()
    {
        ModelNames names = ModelNames.Resolve([Item("a.hawq.json"), Item("b.hawq.json")], new ProjectFacts(false, LanguageVersion.CSharp14));

        Assert.Empty(names.Names);
        Assert.Equal(HawqIds.GeneratorUnsafe, Assert.Single(names.Diagnostics).Id);
    }

    [Fact]
    public void Project_with_an_old_language_is_reported_once()
    {
        ModelNames names = ModelNames.Resolve([Item("a.hawq.json"), Item("b.hawq.json")], new ProjectFacts(true, LanguageVersion.CSharp11));

        Assert.Equal(HawqIds.GeneratorLanguage, Assert.Single(names.Diagnostics).Id);
    }

    [Fact]
    public void Project_without_models_is_left_alone() =>
        Assert.Empty(ModelNames.Resolve([], new ProjectFacts(false, LanguageVersion.CSharp7)).Diagnostics);

    [Fact]
    public void GPU_class_needs_the_host()
    {
        ModelNames names = Resolve(Item("a.hawq.json") with { Gpu = true }, Item("b.hawq.json"));

        Assert.Equal([HawqIds.GeneratorGpuReference], names.Diagnostics.Select(problem => problem.Id));
        Assert.Equal(["B"], names.Names.Select(name => name.ClassName));
    }

    [Fact]
    public void Class_with_the_name_of_a_GPU_class_is_reported_at_both()
    {
        ModelNames names = ModelNames.Resolve(
            [Item("net.hawq.json") with { Gpu = true }, Item("net-gpu.hawq.json")], new ProjectFacts(true, LanguageVersion.CSharp14, HasGpuHost: true));

        Assert.Empty(names.Names);
        Assert.Equal([HawqIds.GeneratorDuplicate, HawqIds.GeneratorDuplicate], names.Diagnostics.Select(problem => problem.Id));
        Assert.All(names.Diagnostics, problem => Assert.StartsWith("Class Consumer.NetGpu", problem.Message, StringComparison.Ordinal));
    }

    private static ModelNames Resolve(params ModelItem[] items) => ModelNames.Resolve(items, new ProjectFacts(true, LanguageVersion.CSharp14));

    private static ModelItem Item(string file, string className = "", string space = "") => new("/p/" + file, className, space, "Consumer", "");
}
