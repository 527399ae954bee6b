namespace Hawq.Model;

/// <summary>Every diagnostic id, in one place. An id is never reused. Ranges: 00xx manifest, 01xx planning and generator, 02xx build,
/// 10xx ONNX import, 11xx data and calibration, 12xx command line, 13xx training, 14xx GPU at run time.</summary>
public static class HawqIds
{
    /// <summary>The manifest is not well-formed JSON.</summary>
    public const string ManifestSyntax = "HAWQ0001";

    /// <summary>A field is missing, unknown, given twice or of the wrong kind.</summary>
    public const string ManifestField = "HAWQ0002";

    /// <summary>A number is outside its legal range.</summary>
    public const string ManifestNumber = "HAWQ0003";

    /// <summary>The graph is inconsistent: unknown tensor, written twice, cycle, unused.</summary>
    public const string ManifestGraph = "HAWQ0004";

    /// <summary>A shape or a count does not fit.</summary>
    public const string ManifestShape = "HAWQ0005";

    /// <summary>The sidecar is missing, or its length or hash is not the manifest's.</summary>
    public const string ManifestSidecar = "HAWQ0006";

    /// <summary>The format version is not one that this tool reads.</summary>
    public const string ManifestVersion = "HAWQ0007";

    /// <summary>An accumulator cannot be proven to fit in int32.</summary>
    public const string PlanOverflow = "HAWQ0101";

    /// <summary>The planner does not support what the manifest asks for.</summary>
    public const string PlanUnsupported = "HAWQ0102";

    /// <summary>ClassName or Namespace of a HawqModel item is not a C# name.</summary>
    public const string GeneratorName = "HAWQ0103";

    /// <summary>Two HawqModel items would declare the same class.</summary>
    public const string GeneratorDuplicate = "HAWQ0104";

    /// <summary>The project forbids unsafe code, which every generated network needs.</summary>
    public const string GeneratorUnsafe = "HAWQ0105";

    /// <summary>The project's C# version is older than the generated code.</summary>
    public const string GeneratorLanguage = "HAWQ0106";

    /// <summary>Gpu="true" in a project that does not reference Hawq.Gpu.</summary>
    public const string GeneratorGpuReference = "HAWQ0107";

    /// <summary>The planner has no GPU kernel for what the manifest asks for.</summary>
    public const string GpuUnsupported = "HAWQ0108";

    /// <summary>The generator failed: a bug in it, never the user's fault.</summary>
    public const string GeneratorBug = "HAWQ0199";

    /// <summary>PublishAot without IlcInstructionSet: the network would run on its slowest SIMD kernels.</summary>
    public const string BuildInstructionSet = "HAWQ0201";

    /// <summary>A HawqModel item is not a manifest file that exists.</summary>
    public const string BuildItem = "HAWQ0202";

    /// <summary>Gpu="true" and PublishAot: ILGPU compiles kernels at run time, which NativeAOT cannot.</summary>
    public const string BuildGpuAot = "HAWQ0203";

    /// <summary>A HawqModel item in a build for a framework older than net10.0.</summary>
    public const string BuildFramework = "HAWQ0204";

    /// <summary>The file is not an ONNX model, or is damaged.</summary>
    public const string OnnxFile = "HAWQ1001";

    /// <summary>An operator, or an attribute of it, is not supported.</summary>
    public const string OnnxUnsupported = "HAWQ1002";

    /// <summary>The ONNX graph is inconsistent.</summary>
    public const string OnnxGraph = "HAWQ1003";

    /// <summary>A data set or image cannot be read.</summary>
    public const string Data = "HAWQ1101";

    /// <summary>Calibration or quantization cannot go on with the data or model given.</summary>
    public const string Calibration = "HAWQ1102";

    /// <summary>A file that goes into the bit search (instance, sensitivities, costs) is not valid.</summary>
    public const string BitSearchFile = "HAWQ1103";

    /// <summary>The bit search is asked for something that makes no sense: an unknown cost, an option that a layer does not have.</summary>
    public const string BitSearch = "HAWQ1104";

    /// <summary>No assignment of bits fits the budgets.</summary>
    public const string BitBudget = "HAWQ1105";

    /// <summary>The command line is wrong.</summary>
    public const string Usage = "HAWQ1201";

    /// <summary>A file cannot be read or written.</summary>
    public const string FileAccess = "HAWQ1202";

    /// <summary>Generated code and the reference interpreter differ.</summary>
    public const string Verification = "HAWQ1203";

    /// <summary>The network has an operator, or a grid, that cannot be trained or inverted.</summary>
    public const string TrainingUnsupported = "HAWQ1301";

    /// <summary>Zero-shot calibration needs what the model has not got: batch normalizations with their statistics.</summary>
    public const string ZeroShot = "HAWQ1302";

    /// <summary>A checkpoint is damaged, or belongs to another network or other settings.</summary>
    public const string Checkpoint = "HAWQ1303";

    /// <summary>There is no GPU that will do, or its driver refuses a kernel.</summary>
    public const string GpuDevice = "HAWQ1401";

    /// <summary>Embedded PTX was made from other kernels.</summary>
    public const string GpuStalePtx = "HAWQ1402";
}
