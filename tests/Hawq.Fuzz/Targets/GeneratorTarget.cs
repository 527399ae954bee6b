using Basic.Reference.Assemblies;
using Hawq.CodeGen.Emit;
using Hawq.Fuzz.Mutations;
using Hawq.Model;
using Hawq.Planning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hawq.Fuzz.Targets;

/// <summary>
/// A manifest that becomes code: it is refused, or its code is one class and nothing else, whatever the names in it say. Every tenth is compiled.
/// </summary>
internal sealed class GeneratorTarget : FuzzTarget
{
    private static readonly CSharpParseOptions s_parsing = new(LanguageVersion.CSharp12);

    /// <inheritdoc/>
    public override string Name => "generator";

    /// <inheritdoc/>
    public override byte[] Mutant(Random random)
    {
        byte[] manifest = NetworkSeeds.All[random.Next(NetworkSeeds.All.Count)].Manifest;
        return random.Next(2) == 0 ? JsonMutator.Rename(manifest, random) : JsonMutator.Mutate(manifest, random);
    }

    /// <inheritdoc/>
    public override bool Accepts(byte[] input)
    {
        if (ManifestReader.Read(System.Text.Encoding.UTF8.GetString(input), "net.hawq.json").Network is not { } network)
        {
            return false;
        }

        IReadOnlyList<GeneratedFile> files;
        try
        {
            files = Emitter.Emit(Planner.Plan(network), new EmitOptions("Fuzzed", "Net", "net.hawq.json", new string('0', 64), "net.hawq.bin"));
        }
        catch (HawqException)
        {
            return false;
        }

        SyntaxTree[] trees = [.. files.Select(file => CSharpSyntaxTree.ParseText(file.Text, s_parsing, file.HintName))];
        Array.ForEach(trees, RequireOneClass);
        if (input.Length % 10 == 0)
        {
            CSharpCompilation compilation = CSharpCompilation.Create(
                "Fuzzed", trees, Net100.References.All,
                new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
            Require(compilation.GetDiagnostics().FirstOrDefault(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)?.ToString());
        }

        return true;
    }

    /// <summary>A file declares the class, in its namespace, and no identifier of it is one that a name in the manifest asked for.</summary>
    internal static void RequireOneClass(SyntaxTree tree)
    {
        Require(tree.GetDiagnostics().FirstOrDefault(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)?.ToString());
        CompilationUnitSyntax root = tree.GetCompilationUnitRoot();
        MemberDeclarationSyntax[] members = [.. root.Members.OfType<BaseNamespaceDeclarationSyntax>().SelectMany(space => space.Members)];
        Require(root.AttributeLists.Count == 0 && root.Externs.Count == 0 && root.Members is [BaseNamespaceDeclarationSyntax { Name: IdentifierNameSyntax { Identifier.Text: "Fuzzed" } }]
            && members is [ClassDeclarationSyntax { Identifier.Text: "Net" }] ? null : "More than the class of the network is declared.");
        Require(root.DescendantTokens(descendIntoTrivia: true).FirstOrDefault(token => token.IsKind(SyntaxKind.IdentifierToken) && token.ValueText.Contains(HostileText.Canary, StringComparison.Ordinal)) is { RawKind: not 0 } token
            ? $"The identifier {token.Text} comes from a name in the manifest." : null);
        Require(root.DescendantTrivia(descendIntoTrivia: true).Any(trivia => trivia.IsKind(SyntaxKind.MultiLineCommentTrivia) || (trivia.IsDirective && !Known(trivia)))
            ? "A comment or directive that the emitter does not write." : null);
    }

    private static bool Known(SyntaxTrivia trivia) => trivia.IsKind(SyntaxKind.PragmaWarningDirectiveTrivia) || trivia.IsKind(SyntaxKind.NullableDirectiveTrivia);

    private static void Require(string? problem)
    {
        if (problem is not null)
        {
            throw new InvalidOperationException(problem);
        }
    }
}
