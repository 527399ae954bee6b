namespace Hawq.Model;

/// <summary>An error in a manifest, compared by content so that it can flow through an incremental pipeline.</summary>
/// <param name="Id">Stable id; see <see cref="HawqIds"/>.</param>
/// <param name="Message">What is wrong and what is expected.</param>
/// <param name="File">Path of the manifest as it was given.</param>
/// <param name="Line">1-based line.</param>
/// <param name="Column">1-based column in UTF-16 code units.</param>
public sealed record ManifestDiagnostic(string Id, string Message, string File, int Line, int Column)
{
    /// <summary>The same as an exception.</summary>
    public HawqException ToException() => new(Id, Message, File, Line, Column);
}

/// <summary>What reading a manifest gives: a network, or the reasons why there is none.</summary>
/// <param name="Network">The network, or null when there is any error.</param>
/// <param name="Diagnostics">Errors in the order of the text, at most <see cref="ManifestLimits.Errors"/>.</param>
public sealed record ManifestReadResult(Network? Network, EquatableArray<ManifestDiagnostic> Diagnostics);

/// <summary>Collects the errors of one manifest.</summary>
internal sealed class ManifestErrors(string file)
{
    private readonly List<ManifestDiagnostic> _items = [];

    public bool Any => _items.Count > 0;

    /// <summary>Whether more errors would not be reported, and need no message.</summary>
    public bool Full => _items.Count >= ManifestLimits.Errors;

    public void Add(string id, JsonPosition position, string message)
    {
        if (!Full)
        {
            _items.Add(new ManifestDiagnostic(id, message, file, position.Line, position.Column));
        }
    }

    public EquatableArray<ManifestDiagnostic> ToSortedArray() =>
        _items.OrderBy(item => item.Line).ThenBy(item => item.Column).ToArray(); // a stable sort
}
