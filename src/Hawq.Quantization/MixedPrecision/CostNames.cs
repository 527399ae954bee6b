namespace Hawq.Quantization.MixedPrecision;

/// <summary>The costs that budgets are about.</summary>
public static class CostNames
{
    /// <summary>Bytes of packed weights.</summary>
    public const string Size = "size";

    /// <summary>Bit operations: weight bits times activation bits times multiply-accumulates.</summary>
    public const string Bops = "bops";

    /// <summary>Nanoseconds per image, measured from the generated kernels.</summary>
    public const string Latency = "latency";
}
