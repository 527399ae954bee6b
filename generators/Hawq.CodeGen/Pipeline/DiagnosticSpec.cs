using Hawq.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Hawq.CodeGen.Pipeline;

/// <summary>A diagnostic as plain data, so that it can flow through the pipeline without holding a syntax tree or a file.</summary>
/// <param name="Id">One of <see cref="HawqIds"/>.</param>
/// <param name="Message">What, and what to do.</param>
/// <param name="Path">The manifest, or null for the project.</param>
/// <param name="Line">1-based line, or 0.</param>
/// <param name="Column">1-based column, or 0.</param>
internal sealed record DiagnosticSpec(string Id, string Message, string? Path, int Line = 0, int Column = 0)
{
    /// <summary>The diagnostic that Roslyn reports.</summary>
    /// <param name="helpPage">Path of diagnostics.md, or empty.</param>
    public Diagnostic ToDiagnostic(string helpPage)
    {
        LinePosition position = new(Math.Max(0, Line - 1), Math.Max(0, Column - 1));
        Location location = Path is null ? Location.None : Location.Create(Path, new TextSpan(0, 0), new LinePositionSpan(position, position));
        return Diagnostic.Create(Descriptors.Of(Id, helpPage), location, Message);
    }

    /// <summary>What the manifest reader found.</summary>
    public static DiagnosticSpec From(ManifestDiagnostic found) => new(found.Id, found.Message, found.File, found.Line, found.Column);

    /// <summary>A diagnostic at the first place where <paramref name="text"/> holds <paramref name="needle"/>, else at the file's start.</summary>
    public static DiagnosticSpec At(string id, string message, string path, string text, string needle)
    {
        int offset = text.IndexOf(needle, StringComparison.Ordinal);
        if (offset < 0)
        {
            return new DiagnosticSpec(id, message, path, 1, 1);
        }

        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < offset; i++)
        {
            if (text[i] == '\n')
            {
                line++;
                lineStart = i + 1;
            }
        }

        return new DiagnosticSpec(id, message, path, line, offset - lineStart + 1);
    }
}
