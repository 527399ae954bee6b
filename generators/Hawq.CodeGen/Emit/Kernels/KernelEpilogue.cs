using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// The fused epilogue of a kernel as one small inlined method, which takes the accumulators of sixteen output channels of one pixel from
/// registers to memory: requantize, residual add, clamp, requantize for the next layer, store.
/// </summary>
/// <param name="plan">What to do.</param>
/// <param name="tier">Instruction set.</param>
/// <param name="paddedChannels">Length of each of the table's arrays; 0 where there is no table: the value comes from memory, or all channels have one multiplier.</param>
/// <param name="library">Where the methods are written: layers with the same epilogue share them, whatever their shapes.</param>
/// <param name="correctionsOffset">Byte offset of the correction steps behind the weights, or null where there are none.</param>
/// <param name="multiplied">Whether the accumulators come multiplied, with the rounding term added.</param>
internal sealed class KernelEpilogue(Epilogue plan, VectorTier tier, int paddedChannels, int? correctionsOffset, KernelLibrary library, bool multiplied = false)
{
    private readonly Lazy<EpilogueScalars> _scalars = new(() => new EpilogueScalars(plan));

    private Epilogue Plan => plan;

    private VectorTier Tier => tier;

    /// <summary>Parameters of a tile beyond the codes and weights.</summary>
    public string Parameters => string.Join(", ", Pointers.Select(p => $"{p.Type} {p.Name}"));

    /// <summary>Arguments of a tile call: every pointer moved by its own expression.</summary>
    public IEnumerable<(string Type, string Name, TensorStorage? Tensor)> Pointers
    {
        get
        {
            if (Plan.Requantize is not null && paddedChannels > 0)
            {
                yield return ("int*", "table", null);
            }
            else if (Plan.Requantize is { Form: RequantizeForm.HighHalf })
            {
                yield return ("int*", "divisor", null);
            }

            if (correctionsOffset is not null)
            {
                yield return ("int*", "corrections", null);
            }

            if (Plan.Residual is { } residual)
            {
                yield return ("byte*", "other", residual.Operand);
            }

            for (int i = 0; i < Plan.Stores.Count; i++)
            {
                yield return ("byte*", $"y{i}", Plan.Stores[i].Target);
            }

            if (Scalars.Any)
            {
                yield return ("int*", "scalars", null);
            }
        }
    }

    /// <summary>Writes the pointers that the tiles take, from the parameters that all tiers of a step have.</summary>
    public void WriteLocals(SourceWriter writer)
    {
        if (correctionsOffset is not null)
        {
            writer.Line($"int* corrections = (int*)(weights + {correctionsOffset});");
        }

        if (Plan.Residual is not null)
        {
            writer.Line("byte* other = (byte*)residual;");
        }

        for (int i = 0; i < Plan.Stores.Count; i++)
        {
            writer.Line($"byte* y{i} = (byte*){ScalarEpilogue.OutputName(Plan, i)};");
        }

        if (Scalars.Any)
        {
            writer.Line("// Multiplier, rounding term and final shift of every requantize that is the same for all channels.");
            writer.Line($"int* scalars = stackalloc int[] {{ {Scalars.Values} }};");
        }
    }

    private EpilogueScalars Scalars => _scalars.Value;

    /// <summary>The statement that finishes one pixel of a tile.</summary>
    public string Call(string accumulators, int pixel, int block, int channels, int row = 0)
    {
        List<string> arguments = [accumulators];
        foreach ((string type, string name, TensorStorage? tensor) in Pointers)
        {
            if (name == "corrections")
            {
                continue;
            }

            int offset = tensor is null
                ? name == "table" ? block * VectorTier.BlockChannels : 0
                : (row * tensor.RowStride) + (pixel * tensor.PixelStride) + (block * VectorTier.BlockChannels * tensor.ElementSize);
            arguments.Add(name + ConvTile.Offset(offset));
        }

        if (Plan.Requantize is not null)
        {
            arguments.Add($"{paddedChannels}");
        }

        return $"{Finish(channels)}({string.Join(", ", arguments)});";
    }

    /// <summary>
    /// Name of the method that finishes <paramref name="channels"/> output channels of a pixel: sixteen, the last ones, or (where a block is one vector)
    /// two blocks, which are then narrowed together.
    /// </summary>
    public string Finish(int channels)
    {
        string last = channels < VectorTier.BlockChannels ? $"Last{channels}_" : channels > VectorTier.BlockChannels ? $"Both_" : "";
        string stores = string.Concat(Plan.Stores.Select(store => CodeText.Tag(store.Target.Tensor)));
        return library.Share($"Finish_{(Plan.Residual is null ? "" : "Add")}{stores}_{last}{(multiplied ? "Multiplied_" : "")}{Tier.Class}", name =>
        {
            SourceWriter writer = new();
            Write(writer, name, channels);
            return writer.ToString();
        });
    }

    // Fewer than sixteen channels are stored one group at a time.
    private void Write(SourceWriter writer, string name, int channels)
    {
        bool partial = channels < VectorTier.BlockChannels;
        string[] names = Enumerable.Range(0, Math.Max(Tier.VectorsPerBlock, channels / Tier.Lanes)).Select(i => $"v{i}").ToArray();
        string parameters = string.Join(", ", names.Select(n => $"{Tier.Vector}<int> {n}")
            .Concat(Pointers.Where(p => p.Name != "corrections").Select(p => $"{p.Type} {p.Name}"))
            .Concat(paddedChannels == 0 ? [] : ["int channels"]));
        writer.Line($"/// <summary>Finishes {(partial ? $"the last {channels}" : channels > VectorTier.BlockChannels ? "thirty-two" : "sixteen")} output channels of a pixel.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block($"private static void {name}({parameters})"))
        using (writer.Block("unchecked"))
        {
            if (Plan.Requantize is { } requantize)
            {
                WriteRequantize(writer, names, requantize);
            }

            if (Plan.Residual is { } residual)
            {
                WriteResidual(writer, names, residual);
            }

            if (Plan.Shorts is { } shorts)
            {
                new ShortEpilogue(Plan, shorts, Tier, Scalars, channels).Write(writer, names);
                return;
            }

            for (int i = 0; i < Plan.Stores.Count; i++)
            {
                WriteStore(writer, names, Plan.Stores[i], i, channels);
            }
        }
    }

    private void WriteRequantize(SourceWriter writer, string[] names, Requantizer requantize)
    {
        writer.Line(multiplied ? "// The channel's own shift; its multiplier and rounding term are in the sums." : paddedChannels > 0 ? "// Requantize with the channel's own multiplier." : "// Requantize.");
        for (int i = 0; i < names.Length && requantize.Form != RequantizeForm.Identity; i++)
        {
            int lane = i * Tier.Lanes;
            string value = requantize.PreShift == 0 ? names[i] : $"{names[i]} << {requantize.PreShift}";
            string method = multiplied ? "Shift" : requantize.Form == RequantizeForm.Int32 ? "RequantizeInt32" : "Requantize";
            writer.Line(paddedChannels > 0
                ? $"{names[i]} = {Tier.Class}.{method}({value}, table{ConvTile.Offset(lane)}, channels);"
                : $"{names[i]} = {Tier.Class}.Rescale({value}, divisor);");
        }

        if (Plan.Residual is null ? !LeavesClampToStore : !NarrowingClamps)
        {
            WriteClamp(writer, names, Plan.Clamp, 0);
        }
    }

    // One store of the value as it is: its narrowing saturates, which may be the clamp, or half of it.
    private bool LeavesClampToStore => Plan.Stores.Count == 1 && Plan.Stores[0].Requantize.Form == RequantizeForm.Identity;

    // The value is narrowed to int16 before anything else happens to it, which is a clamp, and at least as tight.
    private bool NarrowingClamps => Plan is { Shorts.Operand: not null, Residual.Self.Form: RequantizeForm.Identity, Clamp: { Lo: <= short.MinValue, Hi: >= short.MaxValue } };

    private Clamp StoreClamp(Store store)
    {
        if (!LeavesClampToStore)
        {
            return store.Clamp;
        }

        Clamp before = Plan.Residual?.Clamp ?? Plan.Clamp;
        return new Clamp(
            Math.Max(before.Lo, store.Clamp.Lo), Math.Min(before.Hi, store.Clamp.Hi), before.Low || store.Clamp.Low, before.High || store.Clamp.High);
    }

    private void WriteResidual(SourceWriter writer, string[] names, ResidualAdd residual)
    {
        writer.Line($"// Add the residual, brought to the same grid{(Plan.Shorts is null ? "" : "; int16 lanes from here on")}.");
        string? self = Scalars["self"];
        if (Plan.Shorts?.Operand is not null)
        {
            foreach (string name in self is null ? [] : names)
            {
                writer.Line($"{name} = {Rescale(name, residual.Self, self)};");
            }

            return;
        }

        string? other = Scalars["residual"];
        for (int i = 0; i < names.Length; i++)
        {
            int element = i * Tier.Lanes * residual.Operand.ElementSize;
            string address = $"other{ConvTile.Offset(element)}";
            string operand = residual.Operand.Element switch
            {
                ElementType.UInt8 => $"{Tier.Class}.LoadBytes({address})",
                ElementType.Int16 => $"{Tier.Class}.LoadShorts({address})",
                _ => $"{Tier.Vector}.Load((int*)({address}))",
            };
            if (residual.Operand.StoredZero != 0)
            {
                operand = $"({operand} - {Constant(residual.Operand.StoredZero)})";
            }

            writer.Line($"{names[i]} = {Rescale(names[i], residual.Self, self)} + {Rescale(operand, residual.Other, other)};");
        }

        if (!LeavesClampToStore && Plan.Shorts is null)
        {
            WriteClamp(writer, names, residual.Clamp, 0);
        }
    }

    private void WriteStore(SourceWriter writer, string[] names, Store store, int index, int channels)
    {
        TensorStorage target = store.Target;
        string? rescale = Scalars[ScalarEpilogue.OutputName(Plan, index)];
        string[] values = names;
        writer.Line($"// Store {target.Tensor.TypeName} codes.");
        if (rescale is not null || index < Plan.Stores.Count - 1)
        {
            values = names.Select(n => $"{n}_{index}").ToArray();
            for (int i = 0; i < names.Length; i++)
            {
                writer.Line($"{Tier.Vector}<int> {values[i]} = {Rescale(names[i], store.Requantize, rescale)};");
            }
        }

        if (target.StoredZero != 0)
        {
            foreach (string value in values)
            {
                writer.Line($"{value} += {Constant(target.StoredZero)};");
            }
        }

        // Narrowing saturates: only what it does not cut off is clamped.
        (int lo, int hi) = target.Element switch
        {
            ElementType.UInt8 => (0, 255),
            ElementType.Int16 => (short.MinValue, short.MaxValue),
            _ => (int.MinValue, int.MaxValue),
        };
        Clamp clamp = StoreClamp(store);
        bool low = clamp.Low && clamp.Lo + target.StoredZero > lo;
        bool high = clamp.High && clamp.Hi + target.StoredZero < hi;
        bool narrowHigh = target.Element == ElementType.UInt8 && high && !low;
        WriteClamp(writer, values, clamp with { Low = low, High = high && !narrowHigh }, target.StoredZero);
        string all = string.Join(", ", values);
        switch (target.Element)
        {
            case ElementType.UInt8:
                WriteBytes(writer, $"{Tier.Class}.Bytes({all})", narrowHigh ? clamp.Hi + target.StoredZero : null, index, channels);
                break;
            case ElementType.Int16:
                int perShorts = Math.Min(2, values.Length);
                string[] shorts = [.. Enumerable.Range(0, values.Length / perShorts).Select(i =>
                    $"{Tier.Class}.Shorts({string.Join(", ", values.Skip(i * perShorts).Take(perShorts))})")];
                WriteShorts(writer, shorts, perShorts * Tier.Lanes, index, channels);
                break;
            default:
                WriteInts(writer, values, index, channels);
                break;
        }
    }

    /// <summary>Stores narrowed bytes, cut off at <paramref name="most"/>.</summary>
    public static void WriteBytes(SourceWriter writer, string bytes, int? most, int index, int channels)
    {
        if (most is not null)
        {
            string vector = channels > VectorTier.BlockChannels ? "Vector256" : "Vector128";
            bytes = $"{vector}.Min({bytes}, {vector}.Create((byte){most}))";
        }

        writer.Line(channels < VectorTier.BlockChannels ? $"StoreBytes({bytes}, y{index}, {channels});" : $"{bytes}.Store(y{index});");
    }

    /// <summary>Stores vectors of int16, of so many lanes each.</summary>
    public static void WriteShorts(SourceWriter writer, string[] values, int lanes, int index, int channels)
    {
        bool partial = channels < VectorTier.BlockChannels;
        if (partial)
        {
            writer.Line("byte* narrow = stackalloc byte[32];");
        }

        for (int i = 0; i < values.Length; i++)
        {
            writer.Line($"{values[i]}.Store((short*){(partial ? "narrow" : $"y{index}")}{ConvTile.Offset(i * lanes)});");
        }

        if (partial)
        {
            writer.Line($"StoreBytes(Vector128.Load(narrow), y{index}, {Math.Min(16, 2 * channels)});");
            if (channels > 8)
            {
                writer.Line($"StoreBytes(Vector128.Load(narrow + 16), y{index} + 16, {(2 * channels) - 16});");
            }
        }
    }

    private void WriteInts(SourceWriter writer, string[] values, int index, int channels)
    {
        if (channels >= VectorTier.BlockChannels)
        {
            for (int i = 0; i < values.Length; i++)
            {
                writer.Line($"{values[i]}.Store((int*)y{index}{ConvTile.Offset(i * Tier.Lanes)});");
            }

            return;
        }

        for (int lane = 0; lane < channels; lane++)
        {
            writer.Line($"((int*)y{index})[{lane}] = {values[lane / Tier.Lanes]}.GetElement({lane % Tier.Lanes});");
        }
    }

    private void WriteClamp(SourceWriter writer, string[] values, Clamp clamp, int storedZero)
    {
        if (!clamp.Needed)
        {
            return;
        }

        foreach (string value in values)
        {
            string expression = value;
            if (clamp.High)
            {
                expression = $"{Tier.Vector}.Min({expression}, {Constant(clamp.Hi + storedZero)})";
            }

            if (clamp.Low)
            {
                string bound = clamp.Lo + storedZero == 0 ? $"{Tier.Vector}<int>.Zero" : Constant(clamp.Lo + storedZero);
                expression = $"{Tier.Vector}.Max({expression}, {bound})";
            }

            writer.Line($"{value} = {expression};");
        }
    }

    private string Constant(int value) => $"{Tier.Vector}.Create({value})";

    private string Rescale(string value, Requantizer requantizer, string? scalars)
    {
        if (scalars is null)
        {
            return value;
        }

        return $"{Tier.Class}.Rescale({value}{(requantizer.PreShift == 0 ? "" : $" << {requantizer.PreShift}")}, {scalars})";
    }
}
