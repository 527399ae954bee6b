using Hawq.Model;

namespace Hawq.Testing;

/// <summary>Seeded random networks over the operators without weights, each with odd sizes, zero points, and a convolution before and behind it.</summary>
public static class OperatorNetworks
{
    private static readonly Activation[] s_codes =
        [Activation.U4, Activation.U7, Activation.U8, Activation.U8Asymmetric, Activation.S4, Activation.S8, Activation.S8Full];

    private static readonly Activation[] s_any = [.. s_codes, Activation.S16, Activation.Residual];

    /// <summary>Names of the operators, for <see cref="Create"/>.</summary>
    public static IReadOnlyList<string> Operators { get; } =
        ["maxPool", "averagePool", "averagePoolCountingPadding", "concat", "lookup", "lookupPerChannel", "mul", "mulPerChannel", "sub", "permute", "resize", "spread"];

    /// <summary>A network around one operator; the same arguments give the same network.</summary>
    public static (Network Network, NetworkWeights Weights) Create(string op, int seed)
    {
        Random random = new(seed);
        NetworkBuilder b = new($"{op}{seed}", seed);
        b.Input(random.Next(1, 10), random.Next(1, 10), random.Next(1, 6), range: Pick(random, s_codes));
        int channels = random.Next(1, 40);
        string x = b.Conv(b.InputName, channels, 3, activation: Pick(random, op.StartsWith("lookup", StringComparison.Ordinal) || op.StartsWith("mul", StringComparison.Ordinal) ? s_codes : s_any));
        string y = Apply(b, op, x, random);
        string z = b[y].Hi - b[y].Lo > 255 ? b.Requantize(y, Activation.U7) : y;
        return b.Build(b.Conv(z, random.Next(1, 20), 3), y);
    }

    private static string Apply(NetworkBuilder b, string op, string x, Random random)
    {
        Shape shape = b[x].Shape;
        Size2 kernel = new(random.Next(1, 4), random.Next(1, 4));
        Size2 stride = new(random.Next(1, 4), random.Next(1, 4));

        // At most half of the kernel before, so that every window sees something; behind, what fits even one pixel.
        Padding padding = new(kernel.Height / 2, random.Next((kernel.Width / 2) + 1), kernel.Height / 2, kernel.Width - 1);
        padding = padding with { Bottom = Math.Max(padding.Bottom, kernel.Height - shape.Height), Left = Math.Min(padding.Left, kernel.Width - 1) };
        padding = Seen(shape.Width, padding.Left, padding.Right, kernel.Width, stride.Width) && Seen(shape.Height, padding.Top, padding.Bottom, kernel.Height, stride.Height)
            ? padding : new Padding(0, 0, Math.Max(0, kernel.Height - shape.Height), Math.Max(0, kernel.Width - shape.Width));
        Activation range = Pick(random, s_any);
        switch (op)
        {
            case "maxPool":
                return b.MaxPool(x, kernel, stride, padding);
            case "averagePool":
                return b.AveragePool(x, kernel, stride, padding, activation: range);
            case "averagePoolCountingPadding":
                return b.AveragePool(x, kernel, stride, padding, countPadding: true, activation: range);
            case "concat":
                string other = b.Conv(b.InputName, random.Next(1, 9), 1, activation: Pick(random, s_any));
                return b.Concat(random.Next(2) == 0 ? null : Pick(random, s_any), [x, other, x]);
            case "lookup":
                return b.Lookup(x, range);
            case "lookupPerChannel":
                return b.Lookup(x, range, perChannel: true);
            case "mul":
                return b.Mul(x, b.Conv(b.InputName, shape.Channels, 1, activation: Pick(random, s_codes)), range);
            case "mulPerChannel":
                return b.Mul(x, b.GlobalAveragePool(x, Pick(random, s_codes)), range);
            case "sub":
                return b.Sub(x, b.Conv(b.InputName, shape.Channels, 1, activation: Pick(random, s_any)), range);
            case "permute":
                return b.Permute(x);
            case "resize":
                return b.Resize(x, kernel.Height, kernel.Width);
            case "spread":
                return b.Spread(x, kernel.Height, kernel.Width);
            default:
                throw new ArgumentOutOfRangeException(nameof(op), op, null);
        }
    }

    private static bool Seen(int size, int before, int after, int kernel, int stride) =>
        Enumerable.Range(0, (int)WindowTaps.Outputs(size, before, after, kernel, stride, 1)).All(i => WindowTaps.Inside(i, size, before, kernel, stride, 1) > 0);

    private static T Pick<T>(Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];
}
