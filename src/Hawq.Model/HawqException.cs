namespace Hawq.Model;

/// <summary>
/// A problem with something the user gave: what, where, and what to do. Tools print it as one message and exit with a non-zero code;
/// anything else that escapes is a bug.
/// </summary>
/// <param name="id">Stable id, <c>HAWQ0001</c>; see <see cref="HawqIds"/>.</param>
/// <param name="message">One or two sentences: what is wrong, and the remedy.</param>
/// <param name="file">File it is about, or null.</param>
/// <param name="line">1-based line, or 0.</param>
/// <param name="column">1-based column, or 0.</param>
/// <param name="innerException">Cause, if there is one.</param>
public sealed class HawqException(
    string id, string message, string? file = null, int line = 0, int column = 0, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Stable id.</summary>
    public string Id { get; } = id;

    /// <summary>File it is about, or null.</summary>
    public string? File { get; } = file;

    /// <summary>1-based line, or 0 when there is none.</summary>
    public int Line { get; } = line;

    /// <summary>1-based column, or 0 when there is none.</summary>
    public int Column { get; } = column;

    /// <summary>Name of the layer it is about, or null: whoever has the manifest's text can find the place.</summary>
    public string? Layer { get; init; }

    /// <summary>The message in the form compilers use: file(line,column): error ID: message.</summary>
    public string Report => File is null
        ? $"error {Id}: {Message}"
        : Line > 0 ? $"{File}({Line},{Column}): error {Id}: {Message}" : $"{File}: error {Id}: {Message}";
}
