using Hawq.Testing;
using Xunit;
using Xunit.Sdk;

namespace Hawq.CodeGen.Tests;

/// <summary>The snapshot helper itself: it must fail when it should.</summary>
public sealed class SnapshotTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hawq-snapshots-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Missing_file_fails_and_leaves_the_received_text()
    {
        XunitException failure = Assert.Throws<XunitException>(() => Match(accept: false, new SnapshotFile("A.g.cs", "class A;\n")));

        Assert.Contains("T.M#A.g.verified.cs does not exist", failure.Message, StringComparison.Ordinal);
        Assert.Equal("class A;\n", File.ReadAllText(Path.Combine(_folder, "T.M#A.g.received.cs")));
    }

    [Fact]
    public void Equal_text_passes_and_removes_an_old_received_file()
    {
        Match(accept: true, new SnapshotFile("A.g.cs", "class A;\n"));
        File.WriteAllText(Path.Combine(_folder, "T.M#A.g.received.cs"), "old");

        Match(accept: false, new SnapshotFile("A.g.cs", "class A;\n"));

        Assert.Equal(["T.M#A.g.verified.cs"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Difference_names_the_changed_line()
    {
        Match(accept: true, new SnapshotFile("A.g.cs", "one\ntwo\nthree\n"));

        XunitException failure = Assert.Throws<XunitException>(() => Match(accept: false, new SnapshotFile("A.g.cs", "one\n2\nthree\n")));

        Assert.Contains("- two", failure.Message, StringComparison.Ordinal);
        Assert.Contains("2 + 2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_no_longer_produced_is_an_orphan()
    {
        Match(accept: true, new SnapshotFile("A.g.cs", "a"), new SnapshotFile("B.g.cs", "b"));

        XunitException failure = Assert.Throws<XunitException>(() => Match(accept: false, new SnapshotFile("A.g.cs", "a")));

        Assert.Contains("T.M#B.g.verified.cs is an orphan", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_tool_version_is_scrubbed()
    {
        Assert.Equal(
            "// Hawq.CodeGen %VERSION% | sha256 0.1.0\n[GeneratedCode(\"Hawq.CodeGen\", \"%VERSION%\")]\n",
            Snapshot.Scrub("// Hawq.CodeGen 0.1.0-dev+ab | sha256 0.1.0\n[GeneratedCode(\"Hawq.CodeGen\", \"0.1.0\")]"));
    }

    [Fact]
    public void Every_verified_file_belongs_to_a_test() => Assert.Empty(Snapshot.Orphans(typeof(SnapshotTests).Assembly));

    private void Match(bool accept, params SnapshotFile[] files) => Snapshot.Match(files, _folder, "T.M#", accept);
}
