using System.Text;

namespace Hawq.Cli.Frame;

/// <summary>
/// Files that appear together or not at all: each is written beside its place under a temporary name, and all are renamed by
/// <see cref="Commit"/>; without it (an error, Ctrl+C) disposing removes them and every folder made for them.
/// </summary>
internal sealed class OutputFiles : IDisposable
{
    private readonly List<(string Temporary, string Path)> _files = [];
    private readonly List<string> _newFolders = [];

    /// <summary>Writes one file, whole or not at all.</summary>
    public static void Save(string path, byte[] content)
    {
        using OutputFiles files = new();
        files.Add(path, content);
        files.Commit();
    }

    /// <summary>Writes a text file: UTF-8 without a byte order mark.</summary>
    public void Add(string path, string text) => Add(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(text));

    /// <summary>Writes a binary file.</summary>
    public void Add(string path, byte[] content)
    {
        string full = Path.GetFullPath(path);
        CreateFolder(Path.GetDirectoryName(full)!);
        string temporary = $"{full}.{Environment.ProcessId}.tmp";
        _files.Add((temporary, full));
        File.WriteAllBytes(temporary, content);
    }

    /// <summary>Puts all files in their places.</summary>
    public void Commit()
    {
        foreach ((string temporary, string path) in _files)
        {
            File.Move(temporary, path, overwrite: true);
        }

        _files.Clear();
        _newFolders.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((string temporary, _) in _files)
        {
            File.Delete(temporary);
        }

        foreach (string folder in Enumerable.Reverse(_newFolders))
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
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
}
