using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>
/// Prints an <see cref="Epilogue"/> in plain C#. The order and names of its parameters are the same for every tier of a kernel:
/// the residual operand and its multipliers, then every store with its multiplier.
/// </summary>
internal static class ScalarEpilogue
{
    /// <summary>The parameters of an epilogue, with a step's arguments.</summary>
    public static IEnumerable<Parameter> Parameters(Epilogue epilogue)
    {
        if (epilogue.Residual is { } residual)
        {
            yield return new Parameter($"{CodeText.TypeOf(residual.Operand.Element)}*", "residual", CodeText.Arena(residual.Operand.Element, residual.Operand.Offset));
            foreach (Parameter parameter in Multiplier(residual.Self, "self").Concat(Multiplier(residual.Other, "residual")))
            {
                yield return parameter;
            }
        }

        for (int i = 0; i < epilogue.Stores.Count; i++)
        {
            Store store = epilogue.Stores[i];
            yield return new Parameter(
                $"{CodeText.TypeOf(store.Target.Element)}*", OutputName(epilogue, i), CodeText.Arena(store.Target.Element, store.Target.Offset));
            foreach (Parameter parameter in Multiplier(store.Requantize, OutputName(epilogue, i)))
            {
                yield return parameter;
            }
        }
    }

    /// <summary>Name of the i-th output pointer.</summary>
    public static string OutputName(Epilogue epilogue, int i) => epilogue.Stores.Count == 1 ? "output" : $"output{i + 1}";

    /// <summary>
    /// Prints the statements from the int <c>value</c> to the stores; <paramref name="address"/> gives the element index in a tensor.
    /// </summary>
    public static void Write(SourceWriter writer, Epilogue epilogue, Func<TensorStorage, string> address)
    {
        if (epilogue.Residual is { } residual)
        {
            string other = $"residual[{address(residual.Operand)}]" + CodeText.Plus(-residual.Operand.StoredZero);
            string self = Apply(residual.Self, "value", "self");
            other = residual.Other.Form == RequantizeForm.Identity ? other : Apply(residual.Other, residual.Operand.StoredZero == 0 ? other : $"({other})", "residual");
            writer.Line($"value = {self} + {other};");
            if (residual.Clamp.Needed)
            {
                writer.Line($"value = {CodeText.Clamp("value", residual.Clamp)};");
            }
        }

        for (int i = 0; i < epilogue.Stores.Count; i++)
        {
            WriteStore(writer, epilogue, i, address);
        }
    }

    /// <summary>Prints the i-th store of the int <c>value</c>.</summary>
    public static void WriteStore(SourceWriter writer, Epilogue epilogue, int i, Func<TensorStorage, string> address)
    {
        Store store = epilogue.Stores[i];
        string name = OutputName(epilogue, i);
        string value = Apply(store.Requantize, "value", name, store.Clamp);
        value = store.Requantize.Form == RequantizeForm.Wide ? value : CodeText.Clamp(value, store.Clamp);
        string type = CodeText.TypeOf(store.Target.Element);
        string stored = value + CodeText.Plus(store.Target.StoredZero);
        writer.Line($"{name}[{address(store.Target)}] = {(type == "int" ? stored : CodeText.Cast(type, stored))};");
    }

    /// <summary>The parameters of the multiplier of a pooled sum, or of a product.</summary>
    public static IEnumerable<Parameter> SumParameters(Epilogue epilogue, string name = "sum") => Multiplier(epilogue.Requantize!, name);

    /// <summary>Prints the requantize of a pooled sum, or of a product, with the parameters of <see cref="SumParameters"/>.</summary>
    public static void WriteSumRequantize(SourceWriter writer, Epilogue epilogue, string name = "sum")
    {
        if (epilogue.Requantize!.Form == RequantizeForm.Identity)
        {
            writer.Line($"int value = {CodeText.Clamp(name, epilogue.Clamp)};");
            return;
        }

        WriteRequantize(writer, epilogue, name, $"{name}Multiplier", $"{name}Rounding", $"{name}Shift");
    }

    /// <summary>Prints the requantize of an accumulator, <c>int value = ...</c>, from parts of a per-channel table or of scalar parameters.</summary>
    public static void WriteRequantize(SourceWriter writer, Epilogue epilogue, string accumulator, string multiplier, string rounding, string shift)
    {
        Requantizer requantize = epilogue.Requantize!;
        if (requantize.Form == RequantizeForm.Wide)
        {
            writer.Line($"long product = (((long){accumulator} * {multiplier}) + (1L << ({shift} - 1))) >> {shift};");
            writer.Line($"int value = (int){CodeText.Clamp("product", epilogue.Clamp)};");
            return;
        }

        writer.Line(requantize.Form == RequantizeForm.Int32
            ? $"int value = (({accumulator} * {multiplier}) + {rounding}) >> {shift};"
            : $"int value = {HighHalf(requantize, accumulator, multiplier, rounding, shift)};");
        if (epilogue.Clamp.Needed)
        {
            writer.Line($"value = {CodeText.Clamp("value", epilogue.Clamp)};");
        }
    }

    /// <summary>The parameters of one multiplier; none where it is 1.</summary>
    public static IEnumerable<Parameter> Multiplier(Requantizer requantize, string name)
    {
        if (requantize.Form == RequantizeForm.Identity)
        {
            yield break;
        }

        bool highHalf = requantize.Form == RequantizeForm.HighHalf;
        yield return new Parameter("int", $"{name}Multiplier", CodeText.Number(requantize.Scalar.Multiplier));
        if (highHalf)
        {
            yield return new Parameter("int", $"{name}Rounding", CodeText.Number(requantize.Rounding(requantize.Scalar)));
        }

        yield return new Parameter("int", $"{name}Shift", CodeText.Number(highHalf ? requantize.FinalShift(requantize.Scalar) : requantize.Scalar.Shift));
    }

    /// <summary>The requantized value of an expression, with the parameters of <see cref="Multiplier"/>.</summary>
    public static string Apply(Requantizer requantize, string value, string name, Clamp clamp = default) => requantize.Form switch
    {
        RequantizeForm.Identity => value,
        RequantizeForm.HighHalf => "(" + HighHalf(requantize, value, $"{name}Multiplier", $"{name}Rounding", $"{name}Shift") + ")",
        _ => $"(int){CodeText.Clamp($"((((long){value} * {name}Multiplier) + (1L << ({name}Shift - 1))) >> {name}Shift)", clamp)}",
    };

    private static string HighHalf(Requantizer requantize, string value, string multiplier, string rounding, string shift)
    {
        string shifted = requantize.PreShift == 0 ? value : $"({value} << {requantize.PreShift})";
        return $"((int)(((long){shifted} * {multiplier}) >> 32) + {rounding}) >> {shift}";
    }
}
