using System.Security.Cryptography;
using Google.Protobuf;
using Hawq.Model;
using Hawq.Onnx.Schema;

namespace Hawq.Onnx.Import;

/// <summary>Reads the bytes of a model file into the schema's messages.</summary>
internal static class OnnxFile
{
    public static byte[] Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > ImportLimits.MaxFileBytes)
            {
                throw new HawqException(HawqIds.OnnxFile, "The file is larger than 2 GiB. Save the model with external data files.", path);
            }

            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new HawqException(HawqIds.FileAccess, $"The ONNX model cannot be read: {exception.Message}", path, innerException: exception);
        }
    }

    /// <summary>Lower-case hexadecimal SHA-256.</summary>
    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static ModelProto Parse(byte[] bytes)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new HawqException(
                HawqIds.OnnxFile, $"The file is not an ONNX model, or is truncated or damaged ({exception.Message.TrimEnd('.')}).",
                innerException: exception);
        }

        // Protocol buffers have no magic number: any file whose bytes happen to parse ends up here.
        if (model.Graph is null || model.Graph.Node.Count == 0 || model.OpsetImport.Count == 0)
        {
            throw new HawqException(HawqIds.OnnxFile, "The file is not an ONNX model, or is truncated or damaged (no graph or no opset in it).");
        }

        return model;
    }
}
