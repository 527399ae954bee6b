namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>What the kernels of all instruction sets share.</summary>
internal static class SharedOperations
{
    /// <summary>Source text, without indentation.</summary>
    public const string Text = """
        /// <summary>Stores the first <paramref name="count"/> of sixteen bytes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytes(Vector128<byte> bytes, byte* y, int count)
        {
            unchecked
            {
                ulong rest = bytes.AsUInt64().GetElement(0);
                if ((count & 16) != 0)
                {
                    bytes.Store(y);
                    return;
                }

                if ((count & 8) != 0)
                {
                    *(ulong*)y = rest;
                    rest = bytes.AsUInt64().GetElement(1);
                    y += 8;
                }

                if ((count & 4) != 0)
                {
                    *(uint*)y = (uint)rest;
                    rest >>= 32;
                    y += 4;
                }

                if ((count & 2) != 0)
                {
                    *(ushort*)y = (ushort)rest;
                    rest >>= 16;
                    y += 2;
                }

                if ((count & 1) != 0)
                {
                    *y = (byte)rest;
                }
            }
        }
        """;
}
