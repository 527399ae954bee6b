namespace Hawq.CodeGen.Emit;

/// <summary>Limits of the emitted text, each with its reason.</summary>
internal static class EmitLimits
{
    /// <summary>Documentation lines per shared kernel: the remarks list the layers that share it, then only count them.</summary>
    public const int MaxListedLayers = 12;
}
