namespace Hawq.CodeGen.Emit;

/// <summary>Limits of the emitted text, each with its reason.</summary>
internal static class EmitLimits
{
    /// <summary>Documentation lines per shared kernel: the remarks list the layers that share it, then only count them.</summary>
    public const int MaxListedLayers = 12;

    /// <summary>Channels of a pixel that the input step writes out one by one: images have up to four, and a loop of so few turns costs more than its body.</summary>
    public const int MaxUnrolledChannels = 4;

    /// <summary>Bytes that are copied by 16-byte vectors in a row; more go to the runtime's memory copy, whose call then no longer matters.</summary>
    public const int MaxInlineCopy = 128;
}
