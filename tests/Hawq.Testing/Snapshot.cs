using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;
using Xunit;
using Xunit.Sdk;

namespace Hawq.Testing;

/// <summary>One text of a snapshot.</summary>
/// <param name="Name">File name that tells it from the test's other texts, for example <c>Resnet20.Kernels.g.cs</c>.</param>
/// <param name="Text">Content.</param>
public sealed record SnapshotFile(string Name, string Text);

/// <summary>
/// Compares texts with files that are checked in beside the test: <c>_snapshots/Class.Method#Name.verified.cs</c>. The file names are
/// those of Verify, so that moving to it is a package reference. A difference writes <c>.received.cs</c> beside the file and
/// fails with the changed lines; <c>HAWQ_ACCEPT_SNAPSHOTS=1 dotnet test</c> accepts what was received (never where CI=true).
/// Only the tool's version is scrubbed, to <c>%VERSION%</c>.
/// </summary>
public static partial class Snapshot
{
    /// <summary>Folder beside the test file.</summary>
    public const string Folder = "_snapshots";

    private const int ShownContext = 2;
    private const int ShownLines = 60;

    private static bool Accepting => Environment.GetEnvironmentVariable("HAWQ_ACCEPT_SNAPSHOTS") == "1" && !OnServer;

    private static bool OnServer => Environment.GetEnvironmentVariable("CI") is "true" or "1";

    /// <summary>
    /// Compares all texts of a test. A verified file of the test that has no text here is a failure too, so a generator that stops
    /// writing a file is noticed.
    /// </summary>
    /// <param name="files">The texts; names must be unique.</param>
    /// <param name="parameters">Tells the cases of a theory apart, for example <c>bits=4</c>; null for a fact.</param>
    /// <param name="testFile">Filled in by the compiler.</param>
    /// <param name="testMethod">Filled in by the compiler.</param>
    public static void Match(
        IReadOnlyCollection<SnapshotFile> files,
        string? parameters = null,
        [CallerFilePath] string testFile = "",
        [CallerMemberName] string testMethod = "")
    {
        string folder = Path.Combine(SourceFolder(testFile), Folder);
        string prefix = $"{Path.GetFileNameWithoutExtension(testFile)}.{testMethod}{(parameters is null ? "" : "_" + parameters)}#";
        Match(files, folder, prefix, Accepting);
    }

    /// <summary>Compares one text.</summary>
    /// <param name="text">Content.</param>
    /// <param name="name">File name, for example <c>Resnet20.g.cs</c>.</param>
    /// <param name="testFile">Filled in by the compiler.</param>
    /// <param name="testMethod">Filled in by the compiler.</param>
    public static void Match(string text, string name, [CallerFilePath] string testFile = "", [CallerMemberName] string testMethod = "") =>
        Match([new SnapshotFile(name, text)], null, testFile, testMethod);

    /// <summary>
    /// The verified files whose test no longer exists: the part before '#' must be a class and a test method of <paramref name="tests"/>.
    /// </summary>
    /// <param name="tests">The test assembly.</param>
    /// <param name="testFile">Filled in by the compiler: any test file in the folder to look at.</param>
    public static IReadOnlyList<string> Orphans(Assembly tests, [CallerFilePath] string testFile = "")
    {
        string folder = Path.Combine(SourceFolder(testFile), Folder);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        HashSet<string> known = [.. tests.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is not null).Select(method => $"{type.Name}.{method.Name}"))];
        return [.. Directory.EnumerateFiles(folder)
            .Select(file => Path.GetFileName(file))
            .Where(file => !known.Any(test => file.StartsWith(test + "#", StringComparison.Ordinal) || file.StartsWith(test + "_", StringComparison.Ordinal)))
            .Where(file => !file.Contains(".received.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>All verified files in the folder beside <paramref name="testFile"/>, by the test that owns them (the part before '#').</summary>
    public static ILookup<string, string> Verified([CallerFilePath] string testFile = "")
    {
        string folder = Path.Combine(SourceFolder(testFile), Folder);
        return (Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.verified.*") : [])
            .Order(StringComparer.Ordinal)
            .ToLookup(file => Path.GetFileName(file).Split('#')[0]);
    }

    internal static void Match(IReadOnlyCollection<SnapshotFile> files, string folder, string prefix, bool accept)
    {
        Directory.CreateDirectory(folder);
        List<string> failures = [];
        HashSet<string> expected = new(StringComparer.OrdinalIgnoreCase);
        foreach (SnapshotFile file in files)
        {
            string stem = Path.Combine(folder, prefix + Path.GetFileNameWithoutExtension(file.Name));
            string extension = Path.GetExtension(file.Name);
            string verifiedPath = $"{stem}.verified{extension}";
            string receivedPath = $"{stem}.received{extension}";
            if (!expected.Add(verifiedPath))
            {
                failures.Add($"Two texts are named {file.Name}.");
                continue;
            }

            string received = Scrub(file.Text);
            string? verified = File.Exists(verifiedPath) ? File.ReadAllText(verifiedPath) : null;
            if (received == verified)
            {
                File.Delete(receivedPath);
            }
            else if (accept)
            {
                File.WriteAllText(verifiedPath, received, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
                File.Delete(receivedPath);
            }
            else
            {
                File.WriteAllText(receivedPath, received, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
                failures.Add(verified is null
                    ? $"{Path.GetFileName(verifiedPath)} does not exist."
                    : $"{Path.GetFileName(verifiedPath)} differs:\n{Difference(verified, received)}");
            }
        }

        foreach (string stale in Directory.EnumerateFiles(folder, prefix + "*.verified.*").Where(path => !expected.Contains(path)).Order(StringComparer.Ordinal))
        {
            if (accept)
            {
                File.Delete(stale);
            }
            else
            {
                failures.Add($"{Path.GetFileName(stale)} is an orphan: the test no longer produces it.");
            }
        }

        if (failures.Count > 0)
        {
            throw new XunitException(
                $"{string.Join("\n\n", failures)}\n\nReceived texts lie in {folder}. If they are right, run HAWQ_ACCEPT_SNAPSHOTS=1 dotnet test and commit the verified files.");
        }
    }

    /// <summary>Line feeds only, one at the end, and the tool's version replaced.</summary>
    internal static string Scrub(string text)
    {
        text = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return ToolVersion().Replace(text.EndsWith('\n') ? text : text + "\n", "$1%VERSION%");
    }

    /// <summary>The changed lines with a little context, each with its line number in the verified text.</summary>
    internal static string Difference(string verified, string received)
    {
        List<DiffPiece> lines = InlineDiffBuilder.Diff(verified, received, ignoreWhiteSpace: false).Lines;
        bool[] shown = new bool[lines.Count];
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].Type is not ChangeType.Unchanged)
            {
                shown.AsSpan(Math.Max(0, i - ShownContext), Math.Min(lines.Count, i + ShownContext + 1) - Math.Max(0, i - ShownContext)).Fill(true);
            }
        }

        StringBuilder report = new();
        int printed = 0;
        for (int i = 0; i < lines.Count; i++)
        {
            if (!shown[i])
            {
                continue;
            }

            if (printed++ == ShownLines)
            {
                report.Append("      ...\n");
                break;
            }

            if (i > 0 && !shown[i - 1])
            {
                report.Append("      ...\n");
            }

            char sign = lines[i].Type switch { ChangeType.Inserted => '+', ChangeType.Deleted => '-', _ => ' ' };
            report.Append($"{lines[i].Position,5} {sign} {lines[i].Text}\n");
        }

        return report.ToString();
    }

    // A deterministic build maps the checkout to /_/ in caller paths.
    private static string SourceFolder(string testFile)
    {
        string folder = Path.GetDirectoryName(testFile.Replace('\\', '/'))!;
        return folder.StartsWith("/_/", StringComparison.Ordinal) ? Path.Combine(Checkout.Root, folder[3..]) : folder;
    }

    [GeneratedRegex("""(Hawq\.CodeGen(?: |", "))\d+\.\d+\.\d+[-+.0-9A-Za-z]*""")]
    private static partial Regex ToolVersion();
}
