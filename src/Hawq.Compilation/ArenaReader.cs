using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Compilation;

/// <summary>Reads tensors out of the arena of a generated network.</summary>
internal static unsafe class ArenaReader
{
    public static int[] Read(nint arena, TensorStorage storage)
    {
        Shape shape = storage.Tensor.Shape;
        int[] codes = new int[shape.Length];
        int next = 0;
        for (int y = 0; y < shape.Height; y++)
        {
            for (int x = 0; x < shape.Width; x++)
            {
                byte* pixel = (byte*)arena + storage.Offset + ((long)y * storage.RowStride) + ((long)x * storage.PixelStride);
                for (int c = 0; c < shape.Channels; c++)
                {
                    int stored = storage.Element switch
                    {
                        ElementType.UInt8 => pixel[c],
                        ElementType.Int8 => ((sbyte*)pixel)[c],
                        ElementType.Int16 => ((short*)pixel)[c],
                        _ => ((int*)pixel)[c],
                    };
                    codes[next++] = stored - storage.CodeOffset;
                }
            }
        }

        return codes;
    }
}
