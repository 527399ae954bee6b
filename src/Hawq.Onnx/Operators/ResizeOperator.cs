using Hawq.Model;
using Hawq.Onnx.Import;

namespace Hawq.Onnx.Operators;

/// <summary>Resize and Upsample with nearest-neighbour interpolation and whole factors.</summary>
internal sealed class ResizeOperator : IOperator
{
    private const string Hint = "Nearest-neighbour enlargement by whole factors is supported; ConvTranspose can interpolate.";

    public IReadOnlyList<string> OpTypes => ["Resize", "Upsample"];

    public void Import(NodeContext node)
    {
        Activation input = node.Image(0);
        string mode = node.String("mode", "nearest");
        bool isOld = node.Op == "Upsample" || node.Opset < 11;
        string transform = node.String("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel");
        string rounding = node.String("nearest_mode", isOld ? "floor" : "round_prefer_floor");
        if (mode is "linear" && input.Shape is { Height: 1, Width: 1 } && transform != "tf_crop_and_resize")
        {
            (transform, rounding) = ("asymmetric", "floor"); // Between one pixel and itself there is nothing to interpolate.
        }
        else if (mode != "nearest")
        {
            throw node.Unsupported($"attribute mode is '{mode}'", Hint);
        }

        foreach (string name in new[] { "antialias", "cubic_coeff_a", "exclude_outside", "extrapolation_value" })
        {
            node.Ignore(name); // Without meaning for nearest.
        }

        (double rows, double columns) = Factors(node, input.Shape, isOld);
        Size2 factor = new(
            Whole(node, input.Shape.Height, rows, transform, rounding), Whole(node, input.Shape.Width, columns, transform, rounding));
        if (factor == new Size2(1, 1))
        {
            node.Bind(0, node.Input(0));
            return;
        }

        Shape shape = new(checked(input.Shape.Height * factor.Height), checked(input.Shape.Width * factor.Width), input.Shape.Channels);
        node.Emit(new ResizeNode(node.Name, input.Name, node.Output, factor), Activation.Image(node.Output, shape));
    }

    private static (double Rows, double Columns) Factors(NodeContext node, Shape shape, bool isOld)
    {
        string policy = node.String("keep_aspect_ratio_policy", "stretch");
        if (policy != "stretch")
        {
            throw node.Unsupported($"attribute keep_aspect_ratio_policy is '{policy}'", Hint);
        }

        long[]? axes = node.Ints("axes");
        int scalesAt = isOld ? 1 : 2;
        double[] factors = [1, 1, 1, 1];
        if (node.FloatList("scales") is { } attribute)
        {
            Set(node, factors, axes, [.. attribute.Select(value => (double)value)]);
        }
        else if (!isOld && node.HasInput(3) && node.Integers(3, "sizes") is { Length: > 0 } sizes)
        {
            double[] dims = [1, shape.Channels, shape.Height, shape.Width];
            long[] of = axes ?? [0, 1, 2, 3];
            Set(node, factors, axes, [.. sizes.Select((size, i) => size / dims[node.Axis(of.ElementAtOrDefault(i), 4)])]);
        }
        else
        {
            Set(node, factors, axes, [.. node.Floats(scalesAt, "scales").Select(value => (double)value)]);
        }

        return factors[0] == 1 && factors[1] == 1
            ? (factors[2], factors[3])
            : throw node.Unsupported("it resizes the batch or the channels", Hint);
    }

    private static void Set(NodeContext node, double[] factors, long[]? axes, double[] given)
    {
        long[] of = axes ?? [0, 1, 2, 3];
        if (of.Length != given.Length)
        {
            throw node.Invalid($"it has {given.Length} scales or sizes for {of.Length} axes");
        }

        for (int i = 0; i < given.Length; i++)
        {
            factors[node.Axis(of[i], 4)] = given[i];
        }
    }

    /// <summary>The factor as a whole number, after checking that every output really reads input i / factor.</summary>
    private static int Whole(NodeContext node, int input, double scale, string transform, string rounding)
    {
        double nearest = Math.Round(scale);
        if (!(Math.Abs(scale - nearest) < 1e-4) || nearest < 1 || nearest * input > 1 << 24)
        {
            throw node.Unsupported(FormattableString.Invariant($"its scale is {scale}"), Hint);
        }

        int factor = (int)nearest;
        int outputs = input * factor;
        for (int i = 0; i < outputs; i++)
        {
            double x = transform switch
            {
                "asymmetric" => i / nearest,
                "tf_half_pixel_for_nn" => (i + 0.5) / nearest,
                "half_pixel" => ((i + 0.5) / nearest) - 0.5,
                "pytorch_half_pixel" => outputs > 1 ? ((i + 0.5) / nearest) - 0.5 : 0,
                "align_corners" => outputs > 1 ? i * (input - 1.0) / (outputs - 1) : 0,
                "half_pixel_symmetric" => ((i + 0.5) / nearest) - 0.5,
                _ => throw node.Unsupported($"attribute coordinate_transformation_mode is '{transform}'", Hint),
            };
            double source = rounding switch
            {
                "floor" => Math.Floor(x),
                "ceil" => Math.Ceiling(x),
                "round_prefer_floor" => Math.Ceiling(x - 0.5),
                "round_prefer_ceil" => Math.Floor(x + 0.5),
                _ => throw node.Invalid($"attribute nearest_mode is '{rounding}'"),
            };
            if (Math.Clamp(source, 0, input - 1) != i / factor)
            {
                throw node.Unsupported(
                    $"coordinate_transformation_mode '{transform}' with nearest_mode '{rounding}' does not repeat every row and column {factor} times", Hint);
            }
        }

        return factor;
    }
}
