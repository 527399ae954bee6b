using Xunit;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>A test that reads Debian's libonnx-testdata; skipped with a message where that is not installed.</summary>
public sealed class DebianDataFactAttribute : FactAttribute
{
    /// <summary>Folder of the cases.</summary>
    public const string Root = "/usr/share/libonnx-testdata/data";

    /// <summary>Marks the test.</summary>
    public DebianDataFactAttribute() =>
        Skip = Directory.Exists(Root) ? null! : "No tests of older opsets (Debian: apt-get install libonnx-testdata).";
}
