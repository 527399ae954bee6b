using System.Text;
using Hawq.Model;
using Hawq.Reference;

namespace Hawq.Cli.Verification;

/// <summary>One input and what the reference interpreter makes of it.</summary>
/// <param name="Name">Name of the input.</param>
/// <param name="Input">Image bytes or codes.</param>
/// <param name="Expected">Codes by tensor.</param>
internal sealed record VerificationCase(string Name, int[] Input, IReadOnlyDictionary<string, int[]> Expected);

/// <summary>
/// The cases of a verification, computed once in the parent process and handed to the process of every tier in a file: the oracle then runs
/// on one tier only, and a fault of the machine or the JIT on another tier cannot be in both.
/// </summary>
internal static class VerificationCases
{
    /// <summary>Runs the reference interpreter.</summary>
    public static IEnumerable<VerificationCase> Compute(Network network, NetworkWeights weights, IEnumerable<VerificationInput> inputs)
    {
        Interpreter interpreter = new(network, weights);
        foreach (VerificationInput input in inputs)
        {
            int[] codes = network.Input.PixelTables.Count > 0
                ? interpreter.InputCodes([.. input.Codes.Select(c => (byte)c)])
                : input.Codes;
            yield return new VerificationCase(input.Name, input.Codes, interpreter.RunCodes(codes));
        }
    }

    /// <summary>Appends one case.</summary>
    public static void Write(BinaryWriter writer, VerificationCase item)
    {
        writer.Write(item.Name);
        Write(writer, item.Input);
        writer.Write(item.Expected.Count);
        foreach ((string tensor, int[] codes) in item.Expected)
        {
            writer.Write(tensor);
            Write(writer, codes);
        }
    }

    /// <summary>Reads the cases one by one.</summary>
    public static IEnumerable<VerificationCase> Read(string path)
    {
        using BinaryReader reader = new(File.OpenRead(path), Encoding.UTF8);
        while (reader.BaseStream.Position < reader.BaseStream.Length)
        {
            string name = reader.ReadString();
            int[] input = ReadCodes(reader);
            Dictionary<string, int[]> expected = [];
            for (int tensors = reader.ReadInt32(); tensors > 0; tensors--)
            {
                string tensor = reader.ReadString();
                expected.Add(tensor, ReadCodes(reader));
            }

            yield return new VerificationCase(name, input, expected);
        }
    }

    private static void Write(BinaryWriter writer, int[] codes)
    {
        writer.Write(codes.Length);
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(codes.AsSpan()));
    }

    private static int[] ReadCodes(BinaryReader reader)
    {
        int[] codes = new int[reader.ReadInt32()];
        reader.BaseStream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(codes.AsSpan()));
        return codes;
    }
}
