namespace Hawq.Onnx;

/// <summary>Element-wise functions; definitions and parameters as in the ONNX specification.</summary>
public enum UnaryFunction
{
    /// <summary>|x|.</summary>
    Abs,

    /// <summary>Smallest integer not below x.</summary>
    Ceil,

    /// <summary>max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)).</summary>
    Celu,

    /// <summary>Clamp to [alpha, beta].</summary>
    Clip,

    /// <summary>x where x is at least 0, else alpha * (exp(x) - 1).</summary>
    Elu,

    /// <summary>Error function.</summary>
    Erf,

    /// <summary>e to the x.</summary>
    Exp,

    /// <summary>Largest integer not above x.</summary>
    Floor,

    /// <summary>x * (1 + erf(x / sqrt(2))) / 2.</summary>
    Gelu,

    /// <summary>GELU approximated with tanh.</summary>
    GeluTanh,

    /// <summary>clamp(alpha * x + beta, 0, 1).</summary>
    HardSigmoid,

    /// <summary>x * clamp(x / 6 + 1/2, 0, 1).</summary>
    HardSwish,

    /// <summary>x where x is at least 0, else alpha * x.</summary>
    LeakyRelu,

    /// <summary>Natural logarithm.</summary>
    Log,

    /// <summary>x * tanh(softplus(x)).</summary>
    Mish,

    /// <summary>-x.</summary>
    Neg,

    /// <summary>1 / x.</summary>
    Reciprocal,

    /// <summary>Nearest integer, half to even.</summary>
    Round,

    /// <summary>beta * x where x is above 0, else beta * alpha * (exp(x) - 1).</summary>
    Selu,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>-1, 0 or 1.</summary>
    Sign,

    /// <summary>ln(1 + exp(x)).</summary>
    Softplus,

    /// <summary>x / (1 + |x|).</summary>
    Softsign,

    /// <summary>Square root.</summary>
    Sqrt,

    /// <summary>x * sigmoid(alpha * x): SiLU for alpha 1.</summary>
    Swish,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>x where x is above alpha, else 0.</summary>
    ThresholdedRelu,
}

/// <summary>Values of <see cref="UnaryFunction"/>.</summary>
public static class UnaryFunctions
{
    /// <summary>How many of alpha and beta a function uses.</summary>
    public static int ParameterCount(UnaryFunction kind) => kind switch
    {
        UnaryFunction.Clip or UnaryFunction.HardSigmoid or UnaryFunction.Selu => 2,
        UnaryFunction.Celu or UnaryFunction.Elu or UnaryFunction.LeakyRelu or UnaryFunction.Swish or UnaryFunction.ThresholdedRelu => 1,
        _ => 0,
    };

    /// <summary>Value of a function at <paramref name="x"/>, in double precision.</summary>
    public static double Evaluate(UnaryFunction kind, double x, double alpha, double beta) => kind switch
    {
        UnaryFunction.Abs => Math.Abs(x),
        UnaryFunction.Ceil => Math.Ceiling(x),
        UnaryFunction.Celu => Math.Max(x, 0) + Math.Min(0, alpha * (Math.Exp(x / alpha) - 1)),
        UnaryFunction.Clip => Math.Min(Math.Max(x, alpha), beta),
        UnaryFunction.Elu => x >= 0 ? x : alpha * (Math.Exp(x) - 1),
        UnaryFunction.Erf => Erf(x),
        UnaryFunction.Exp => Math.Exp(x),
        UnaryFunction.Floor => Math.Floor(x),
        UnaryFunction.Gelu => x * (1 + Erf(x / Math.Sqrt(2))) / 2,
        UnaryFunction.GeluTanh => x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) / 2,
        UnaryFunction.HardSigmoid => Math.Clamp((alpha * x) + beta, 0, 1),
        UnaryFunction.HardSwish => x * Math.Clamp((x / 6) + 0.5, 0, 1),
        UnaryFunction.LeakyRelu => x >= 0 ? x : alpha * x,
        UnaryFunction.Log => Math.Log(x),
        UnaryFunction.Mish => x * Math.Tanh(Softplus(x)),
        UnaryFunction.Neg => -x,
        UnaryFunction.Reciprocal => 1 / x,
        UnaryFunction.Round => Math.Round(x, MidpointRounding.ToEven),
        UnaryFunction.Selu => beta * (x > 0 ? x : alpha * (Math.Exp(x) - 1)),
        UnaryFunction.Sigmoid => 1 / (1 + Math.Exp(-x)),
        UnaryFunction.Sign => double.IsNaN(x) ? x : Math.Sign(x),
        UnaryFunction.Softplus => Softplus(x),
        UnaryFunction.Softsign => x / (1 + Math.Abs(x)),
        UnaryFunction.Sqrt => Math.Sqrt(x),
        UnaryFunction.Swish => x / (1 + Math.Exp(-alpha * x)),
        UnaryFunction.Tanh => Math.Tanh(x),
        UnaryFunction.ThresholdedRelu => x > alpha ? x : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static double Softplus(double x) => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x)));

    /// <summary>
    /// Error function to about 1e-15: Taylor series near zero, the continued fraction of erfc (Abramowitz and Stegun 7.1.14) beyond.
    /// </summary>
    private static double Erf(double x)
    {
        double magnitude = Math.Abs(x);
        if (magnitude < 2)
        {
            double term = x;
            double sum = x;
            for (int n = 1; n < 100 && Math.Abs(term) > 1e-17 * Math.Abs(sum); n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 2 / Math.Sqrt(Math.PI) * sum;
        }

        if (magnitude > 6)
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }

        double fraction = magnitude;
        for (int k = 60; k >= 1; k--)
        {
            fraction = magnitude + (k / 2.0 / fraction);
        }

        return Math.Sign(x) * (1 - (Math.Exp(-magnitude * magnitude) / (Math.Sqrt(Math.PI) * fraction)));
    }
}
