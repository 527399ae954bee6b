using System.Globalization;

namespace Hawq.Onnx;

/// <summary>A function of one number, as a tree: what a <see cref="UnaryNode"/> computes.</summary>
public abstract record UnaryExpression
{
    /// <summary>The argument x itself.</summary>
    public static UnaryExpression Argument { get; } = new ArgumentExpression();

    /// <summary>Value at <paramref name="x"/>. NaN and infinities follow IEEE 754 (the quantizer clamps to the output's range).</summary>
    public abstract double Evaluate(double x);

    /// <summary>This function of another function: this(inner(x)).</summary>
    public abstract UnaryExpression Of(UnaryExpression inner);

    /// <summary>The formula, for reports and generated comments, for example <c>mul(x, sigmoid(x))</c>.</summary>
    public abstract override string ToString();
}

/// <summary>x.</summary>
public sealed record ArgumentExpression : UnaryExpression
{
    /// <inheritdoc/>
    public override double Evaluate(double x) => x;

    /// <inheritdoc/>
    public override UnaryExpression Of(UnaryExpression inner) => inner;

    /// <inheritdoc/>
    public override string ToString() => "x";
}

/// <summary>A constant.</summary>
/// <param name="Value">The constant.</param>
public sealed record ConstantExpression(float Value) : UnaryExpression
{
    /// <inheritdoc/>
    public override double Evaluate(double x) => Value;

    /// <inheritdoc/>
    public override UnaryExpression Of(UnaryExpression inner) => this;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>A named function of an expression.</summary>
/// <param name="Kind">The function.</param>
/// <param name="Alpha">First parameter, where the function has one.</param>
/// <param name="Beta">Second parameter, where the function has two.</param>
/// <param name="Inner">Its argument.</param>
public sealed record FunctionExpression(UnaryFunction Kind, float Alpha, float Beta, UnaryExpression Inner) : UnaryExpression
{
    /// <inheritdoc/>
    public override double Evaluate(double x) => UnaryFunctions.Evaluate(Kind, Inner.Evaluate(x), Alpha, Beta);

    /// <inheritdoc/>
    public override UnaryExpression Of(UnaryExpression inner) => this with { Inner = Inner.Of(inner) };

    /// <inheritdoc/>
    public override string ToString()
    {
        string name = Kind.ToString().ToLowerInvariant();
        return UnaryFunctions.ParameterCount(Kind) switch
        {
            0 => $"{name}({Inner})",
            1 => $"{name}({Inner}, {Text(Alpha)})",
            _ => $"{name}({Inner}, {Text(Alpha)}, {Text(Beta)})",
        };
    }

    private static string Text(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>Arithmetic on two expressions of the same argument.</summary>
/// <param name="Kind">Operation.</param>
/// <param name="Left">Left operand.</param>
/// <param name="Right">Right operand.</param>
public sealed record ArithmeticExpression(Arithmetic Kind, UnaryExpression Left, UnaryExpression Right) : UnaryExpression
{
    /// <inheritdoc/>
    public override double Evaluate(double x)
    {
        double left = Left.Evaluate(x);
        double right = Right.Evaluate(x);
        return Kind switch
        {
            Arithmetic.Add => left + right,
            Arithmetic.Sub => left - right,
            Arithmetic.Mul => left * right,
            Arithmetic.Div => left / right,
            Arithmetic.Max => Math.Max(left, right),
            Arithmetic.Min => Math.Min(left, right),
            _ => Math.Pow(left, right),
        };
    }

    /// <inheritdoc/>
    public override UnaryExpression Of(UnaryExpression inner) => new ArithmeticExpression(Kind, Left.Of(inner), Right.Of(inner));

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToString().ToLowerInvariant()}({Left}, {Right})";
}

/// <summary>Two-operand arithmetic; named as the ONNX operators.</summary>
public enum Arithmetic
{
    /// <summary>Sum.</summary>
    Add,

    /// <summary>Difference.</summary>
    Sub,

    /// <summary>Product.</summary>
    Mul,

    /// <summary>Quotient.</summary>
    Div,

    /// <summary>Larger one.</summary>
    Max,

    /// <summary>Smaller one.</summary>
    Min,

    /// <summary>Power.</summary>
    Pow,
}
