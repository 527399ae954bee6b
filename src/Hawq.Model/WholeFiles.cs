using System.Text;

namespace Hawq.Model;

/// <summary>
/// Files that appear together or not at all: each is written beside its place as <c>NAME.tmp</c>, and all are renamed by <see cref="Commit"/>, in the
/// order in which they were added; without it (an error, Ctrl+C) disposing removes them and every folder made for them. A process that is killed leaves
/// at most such a temporary file, which the next run overwrites. Of two processes that write the same file at once, the second gets an error.
/// </summary>
public sealed class WholeFiles : IDisposable
{
    private static readonly bool s_renamesOpenFiles = Path.DirectorySeparatorChar == '/';
    private readonly List<(FileStream Stream, string Temporary, string Path)> _files = [];
    private readonly List<string> _newFolders = [];

    /// <summary>Writes one file, whole or not at all.</summary>
    /// <param name="path">Its path; folders that are missing are made.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="HawqException"><see cref="HawqIds.FileAccess"/>: it cannot be written (a full disk, no permission).</exception>
    public static void Save(string path, byte[] content)
    {
        using WholeFiles files = new();
        files.Add(path, content);
        files.Commit();
    }

    /// <summary>Writes a text file: UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Add(string, byte[])"/>
    public void Add(string path, string content) => Add(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(content));

    /// <summary>Writes a file under its temporary name, through to the disk.</summary>
    /// <inheritdoc cref="Save"/>
    public void Add(string path, byte[] content) => Try(path, () =>
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new IOException("There is a folder of this name.");
        }

        CreateFolder(Path.GetDirectoryName(full)!);
        string temporary = full + ".tmp";

        // Not shared: the lock keeps a second process from writing into what this one is about to rename.
        FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        _files.Add((stream, temporary, full));
        stream.Write(content, 0, content.Length);
        stream.Flush(flushToDisk: true);
    });

    /// <summary>Puts all files in their places.</summary>
    /// <inheritdoc cref="Save"/>
    public void Commit()
    {
        foreach ((FileStream stream, string temporary, string path) in _files)
        {
            if (!s_renamesOpenFiles)
            {
                stream.Dispose();
            }

            Try(path, () => Replace(temporary, path));
            stream.Dispose();
        }

        _files.Clear();
        _newFolders.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((FileStream stream, string temporary, _) in _files)
        {
            Quietly(stream.Dispose); // what a full disk did not take is flushed once more
            Quietly(() => File.Delete(temporary));
        }

        _files.Clear();
        foreach (string folder in Enumerable.Reverse(_newFolders))
        {
            Quietly(() => Directory.Delete(folder)); // refused where somebody else has put something into it
        }
    }

    private void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (Path.GetDirectoryName(folder) is { } parent)
        {
            CreateFolder(parent);
        }

        Directory.CreateDirectory(folder);
        _newFolders.Add(folder);
    }

    // netstandard2.0 has no move that overwrites.
    private static void Replace(string from, string to)
    {
        if (File.Exists(to))
        {
            File.Replace(from, to, null);
        }
        else
        {
            File.Move(from, to);
        }
    }

    private static void Try(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (IsFileProblem(e))
        {
            throw new HawqException(HawqIds.FileAccess, $"The file cannot be written: {e.Message}", path, innerException: e);
        }
    }

    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (IsFileProblem(e))
        {
            // The error that matters is the one being thrown.
        }
    }

    private static bool IsFileProblem(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;
}
