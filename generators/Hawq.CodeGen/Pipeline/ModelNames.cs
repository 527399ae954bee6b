using Hawq.CodeGen.Emit;
using Hawq.Model;
using Microsoft.CodeAnalysis.CSharp;

namespace Hawq.CodeGen.Pipeline;

/// <summary>Where the code of one model goes.</summary>
/// <param name="Path">Path of the manifest.</param>
/// <param name="Namespace">Namespace as it is written in C# (keywords escaped), or empty for the global namespace.</param>
/// <param name="ClassName">Name of the public class.</param>
/// <param name="HintName">Start of the generated files' names, unique in the project without regard to case.</param>
/// <param name="Gpu">Whether a second class, its name with Gpu behind it, stands beside it.</param>
internal sealed record ModelName(string Path, string Namespace, string ClassName, string HintName, bool Gpu)
{
    /// <summary>Full names of the classes of the model.</summary>
    public IEnumerable<string> Classes => Gpu ? [HintName, HintName + Emit.Gpu.GpuApiWriter.Suffix] : [HintName];

    /// <summary>The emitter names files after the class (Net.Kernels.g.cs); in the project they are named after class and namespace.</summary>
    public string FileName(string emitted) => HintName + emitted.Substring(ClassName.Length);
}

/// <summary>The names of all models of the project.</summary>
/// <param name="Names">A name for each model that gets code.</param>
/// <param name="Diagnostics">Why the others get none.</param>
internal sealed record ModelNames(EquatableArray<ModelName> Names, EquatableArray<DiagnosticSpec> Diagnostics)
{
    /// <summary>The name of a model, or null when it gets no code.</summary>
    public ModelName? Of(ModelItem item) => Names.FirstOrDefault(name => name.Path == item.Path);

    /// <summary>
    /// Names every model. The order of <paramref name="items"/> does not matter: they are taken by path. Of two models that would declare the
    /// same class, neither wins: both are reported, so that the result does not depend on a file's name.
    /// </summary>
    public static ModelNames Resolve(IEnumerable<ModelItem> items, ProjectFacts project)
    {
        List<DiagnosticSpec> diagnostics = [];
        List<ModelName> names = [];
        ModelItem[] sorted = [.. items.OrderBy(item => item.Path, StringComparer.Ordinal)];
        if (sorted.Length > 0 && project.Problem() is { } problem)
        {
            return new ModelNames(default, EquatableArray.Of(problem));
        }

        foreach (ModelItem item in sorted)
        {
            string? className = item.ClassName.Length > 0 ? Checked(item, "ClassName", item.ClassName, diagnostics) : ClassNameOf(item, diagnostics);
            string? space = item.Namespace.Length > 0 ? CheckedNamespace(item, diagnostics) : Sanitized(item.RootNamespace);
            if (item.Gpu && !project.HasGpuHost)
            {
                diagnostics.Add(new DiagnosticSpec(
                    HawqIds.GeneratorGpuReference,
                    $"The HawqModel item '{Printable(item.FileName)}' says Gpu=\"true\", and the project does not reference the package Hawq.Gpu. Add <PackageReference Include=\"Hawq.Gpu\" />.",
                    item.Path, 1, 1));
            }
            else if (className is not null && space is not null)
            {
                names.Add(new ModelName(item.Path, space, className, HintName(space, className), item.Gpu));
            }
        }

        foreach (IGrouping<string, ModelName> same in names.SelectMany(name => name.Classes, (name, full) => (name, full))
            .GroupBy(pair => pair.full, pair => pair.name, StringComparer.Ordinal).Where(group => group.Count() > 1).ToArray())
        {
            // Equal classes have equal GPU classes: said once.
            foreach (ModelName name in same.Where(names.Contains).ToArray())
            {
                string others = string.Join(", ", same.Where(other => other != name).Select(other => System.IO.Path.GetFileName(other.Path)));
                diagnostics.Add(new DiagnosticSpec(
                    HawqIds.GeneratorDuplicate,
                    $"Class {same.Key} is also declared by another HawqModel item ({others}). Give each its own ClassName or Namespace metadata.",
                    name.Path, 1, 1));
                names.Remove(name);
            }
        }

        return new ModelNames(UniqueHints(names).ToEquatableArray(), diagnostics.ToEquatableArray());
    }

    // C# tells Net from NET, the host's table of generated files does not.
    private static IEnumerable<ModelName> UniqueHints(List<ModelName> names)
    {
        HashSet<string> used = new(StringComparer.OrdinalIgnoreCase);
        foreach (ModelName name in names)
        {
            string hint = name.HintName;
            for (int i = 2; !used.Add(hint); i++)
            {
                hint = $"{name.HintName}-{i}";
            }

            yield return name with { HintName = hint };
        }
    }

    private static string HintName(string space, string className) =>
        space.Length == 0 ? className : $"{space.Replace("@", "")}.{className}";

    private static string? ClassNameOf(ModelItem item, List<DiagnosticSpec> diagnostics)
    {
        if (item.BaseName.Any(IsAsciiLetterOrDigit))
        {
            return EmitOptions.ClassNameFor(item.BaseName);
        }

        diagnostics.Add(new DiagnosticSpec(
            HawqIds.GeneratorName,
            $"No class name can be made from the file name '{Printable(item.FileName)}'. Set ClassName metadata on its HawqModel item.",
            item.Path, 1, 1));
        return null;
    }

    private static string? Checked(ModelItem item, string metadata, string value, List<DiagnosticSpec> diagnostics)
    {
        if (IsIdentifier(value) && SyntaxFacts.GetKeywordKind(value) == SyntaxKind.None && SyntaxFacts.GetContextualKeywordKind(value) == SyntaxKind.None)
        {
            return value;
        }

        diagnostics.Add(new DiagnosticSpec(
            HawqIds.GeneratorName, $"{metadata} '{Printable(value)}' of the HawqModel item is not a C# name. Use letters, digits and underscores, no digit first and no keyword.", item.Path, 1, 1));
        return null;
    }

    private static string? CheckedNamespace(ModelItem item, List<DiagnosticSpec> diagnostics)
    {
        string[] parts = item.Namespace.Split('.');
        if (parts.All(part => IsIdentifier(part.TrimStart('@')) && part.LastIndexOf('@') <= 0))
        {
            return string.Join(".", parts.Select(part => Escaped(part.TrimStart('@'))));
        }

        diagnostics.Add(new DiagnosticSpec(
            HawqIds.GeneratorName, $"Namespace '{Printable(item.Namespace)}' of the HawqModel item is not a C# namespace. Use names with dots between them, for example Acme.Vision.", item.Path, 1, 1));
        return null;
    }

    // A project called my-app has the root namespace my-app, which C# cannot write.
    private static string Sanitized(string space) => space.Length == 0
        ? ""
        : string.Join(".", space.Split('.').Where(part => part.Length > 0).Select(part =>
        {
            string name = new([.. part.Select(c => IsIdentifier("_" + c) ? c : '_')]);
            return IsIdentifier(name) ? Escaped(name) : "_" + name;
        }));

    private static string Escaped(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;

    // C# ignores formatting characters in identifiers, so that two names may look and read alike: none is taken.
    private static bool IsIdentifier(string name) =>
        SyntaxFacts.IsValidIdentifier(name) && !name.Any(c => char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);

    private static bool IsAsciiLetterOrDigit(char c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9';

    private static string Printable(string value) => new([.. value.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
}
