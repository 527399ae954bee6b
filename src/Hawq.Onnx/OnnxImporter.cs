using Hawq.Model;
using Hawq.Onnx.Import;
using Hawq.Onnx.Operators;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx;

/// <summary>Reads an ONNX model into a <see cref="FloatGraph"/>.</summary>
public static class OnnxImporter
{
    /// <summary>
    /// Loads a float network. A symbolic batch becomes 1; operators are checked and shapes inferred; constants, layout changes and
    /// BatchNormalization are folded. docs/onnx-support.md lists what is understood.
    /// </summary>
    /// <param name="path">Path of the .onnx file; external data files lie in its folder.</param>
    /// <exception cref="HawqException">
    /// The file cannot be read or is no ONNX model (<see cref="HawqIds.OnnxFile"/>), contradicts itself (<see cref="HawqIds.OnnxGraph"/>),
    /// or asks for something unsupported (<see cref="HawqIds.OnnxUnsupported"/>: names the operator, the node and what works instead).
    /// </exception>
    public static FloatGraph Load(string path)
    {
        return Load(OnnxFile.Read(path), path);
    }

    /// <summary>
    /// Loads a float network with its <see cref="BatchNormalizationNode"/>s, whose statistics the folded form has lost: for zero-shot
    /// calibration and training. Nothing but training understands these nodes; <see cref="BatchNormalization.Fold"/> gives what
    /// <see cref="Load(string)"/> gives.
    /// </summary>
    /// <inheritdoc cref="Load(string)"/>
    public static FloatGraph LoadUnfolded(string path) => Load(OnnxFile.Read(path), path, keepBatchNormalization: true);

    /// <summary>Imports the bytes of a file; the path gives the name, the folder of external data, and stands in messages.</summary>
    internal static FloatGraph Load(byte[] bytes, string path, bool keepBatchNormalization = false)
    {
        try
        {
            ModelProto model = OnnxFile.Parse(bytes);
            return new GraphImporter(model, Path.GetDirectoryName(path) ?? "", keepBatchNormalization).Import(Path.GetFileNameWithoutExtension(path), OnnxFile.Sha256(bytes));
        }
        catch (HawqException exception) when (exception.File is null)
        {
            throw new HawqException(exception.Id, exception.Message, path, innerException: exception.InnerException);
        }
        catch (OverflowException exception)
        {
            // Sizes are computed in checked arithmetic; only an absurd size gets here.
            throw new HawqException(HawqIds.OnnxGraph, "A size in the model is too large to be a network's. The file is damaged.", path, innerException: exception);
        }
    }
}
