namespace Hawq.Gpu.Tests.Ptx;

/// <summary>The PTX text is not understood, or its execution broke a rule of the machine.</summary>
public sealed class PtxException(string message) : Exception(message);
