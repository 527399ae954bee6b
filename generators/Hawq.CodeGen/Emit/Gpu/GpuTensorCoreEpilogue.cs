using Hawq.Model;
using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Prints what happens to accumulators in registers: bias, requantize, residual, clamp, pack, store. The weights' channels are dealt to the columns of the fragments such that
/// a lane holds neighbouring channels of a pixel (<see cref="GpuConvKernel.LaneChannels"/>): loads and stores are as wide as they get.
/// </summary>
/// <remarks>Inline PTX does in one or two instructions what C# would need many for: the upper half of a product, saturating packs. No branch depends on its results.</remarks>
internal static class GpuTensorCoreEpilogue
{
    public static void Write(SourceWriter w, GpuConvStep step)
    {
        GpuConvKernel k = step.Kernel;
        w.Line($"// Lane l holds row l / 4 of every 8 x 8 fragment, and {k.LaneChannels} neighbouring channels from {k.LaneChannels} * (l % 4) on.");
        Channel(w, k);
        w.Line($"int pixel0 = (Grid.IdxX * {k.BlockPixels}) + (warpRow * {k.FragmentRows * 8}) + (lane >> 2);");
        Constants(w, step, "table");
        for (int m = 0; m < k.FragmentRows; m++)
        {
            w.Blank();
            using (w.Block($"if (pixel0 + {m * 8} < pixels)"))
            {
                Values(w, step, m);
                Residual(w, step, m);
                Stores(w, step, $"(pixel0 + {m * 8})");
            }
        }
    }

    /// <summary>Keeps what a shortcut adds to the sum, in the grid of the sum, in registers.</summary>
    public static void WriteShortcut(SourceWriter w, GpuConvStep step, GpuConvStep shortcut)
    {
        GpuConvKernel k = step.Kernel;
        GpuStore store = shortcut.Epilogue.Stores[0];
        using (w.Block())
        {
            Channel(w, k);
            Constants(w, shortcut, "shortcutTable");
            for (int m = 0; m < k.FragmentRows; m++)
            {
                using (w.Block())
                {
                    Values(w, shortcut, m);
                    for (int i = 0; i < k.LaneChannels; i++)
                    {
                        GpuLaneAccess.Requantize(w, $"q{i}", $"v{i}", store.Requantize);
                    }

                    Clamp(w, "q", k.LaneChannels, store.Clamp);
                    for (int i = 0; i < k.LaneChannels; i++)
                    {
                        GpuLaneAccess.Requantize(w, $"other{i}", $"q{i}", step.Epilogue.Residual!.Other);
                        w.Line($"CudaAsm.Emit(\"mov.b32 kept{(m * k.LaneChannels) + i}, %0;\", other{i});");
                    }
                }
            }
        }
    }

    private static void Channel(SourceWriter w, GpuConvKernel k) =>
        w.Line($"int channel = (Grid.IdxY * {k.BlockChannels}) + (warpColumn * {k.FragmentColumns * 8}) + ((lane & 3) * {k.LaneChannels});");

    /// <summary>Declares bias, multiplier and shift of the lane's channels, four at a time.</summary>
    private static void Constants(SourceWriter w, GpuConvStep step, string table)
    {
        int lane = step.Kernel.LaneChannels;
        int length = GpuWeightLayout.TableChannels(step);
        w.Line($"ArrayView<Word4> constants = {table}.Cast<Word4>();");
        for (int i = 0; i < lane; i += 4)
        {
            w.Line($"Word4 bias{i / 4} = constants[(channel >> 2) + {i / 4}];");
            w.Line($"Word4 multiplier{i / 4} = constants[(channel >> 2) + {(length + i) / 4}];");
            w.Line($"Word4 shifts{i / 4} = constants[(channel >> 2) + {((2 * length) + i) / 4}];");
        }

        for (int i = 0; step.Requantize.Form == RequantizeForm.HighHalf && i < lane; i++)
        {
            w.Line($"int shift{i} = {Field("shifts", i)} - {32 - step.Requantize.PreShift};");
            w.Line($"int round{i} = 1 << (shift{i} - 1);");
        }
    }

    /// <summary>Declares v0.. as the requantized accumulators of a row of fragments.</summary>
    private static void Values(SourceWriter w, GpuConvStep step, int m)
    {
        GpuConvKernel k = step.Kernel;
        for (int i = 0; i < k.LaneChannels; i++)
        {
            w.Line($"CudaAsm.Emit(\"mov.b32 %0, acc{GpuTensorCoreConv.Accumulator(k, m, i / 2) + (i % 2)};\", out int acc{i});");
            if (step.Requantize.Form != RequantizeForm.HighHalf)
            {
                w.Line($"int v{i} = Requantize(acc{i} + {Field("bias", i)}, {Field("multiplier", i)}, {Field("shifts", i)});");
                continue;
            }

            string value = $"acc{i} + {Field("bias", i)}";
            value = step.Requantize.PreShift == 0 ? value : $"({value}) << {step.Requantize.PreShift}";
            w.Line($"CudaAsm.Emit(\"{{ .reg .b32 h; mad.hi.s32 h, %1, %2, %3; shr.s32 %0, h, %4; }}\", out int v{i}, {value}, {Field("multiplier", i)}, round{i}, shift{i});");
        }

        Clamp(w, "v", k.LaneChannels, step.Epilogue.Clamp);
    }

    /// <summary>Adds the residual operand: from memory, or the shortcut's from registers.</summary>
    private static void Residual(SourceWriter w, GpuConvStep step, int m)
    {
        GpuConvKernel k = step.Kernel;
        if (step.Epilogue.Residual is not { } residual)
        {
            return;
        }

        if (step.Shortcut is null)
        {
            GpuLaneAccess.Load(w, residual.Operand, "residual", "r", k.LaneChannels, $"(pixel0 + {m * 8})", "channel");
        }

        for (int i = 0; i < k.LaneChannels; i++)
        {
            GpuLaneAccess.Requantize(w, $"self{i}", $"v{i}", residual.Self);
            if (step.Shortcut is null)
            {
                GpuLaneAccess.Requantize(w, $"other{i}", GpuEpilogueWriter.Relative($"r{i}", residual.Operand.Tensor.ZeroPoint), residual.Other);
            }
            else
            {
                w.Line($"CudaAsm.Emit(\"mov.b32 %0, kept{(m * k.LaneChannels) + i};\", out int other{i});");
            }

            w.Line($"v{i} = self{i} + other{i};");
        }

        Clamp(w, "v", k.LaneChannels, residual.Clamp);
    }

    private static void Stores(SourceWriter w, GpuConvStep step, string pixel)
    {
        GpuConvKernel k = step.Kernel;
        for (int s = 0; s < step.Epilogue.Stores.Length; s++)
        {
            GpuStore store = step.Epilogue.Stores[s];
            using (w.Block())
            {
                for (int i = 0; i < k.LaneChannels; i++)
                {
                    GpuLaneAccess.Requantize(w, $"q{i}", $"v{i}", store.Requantize);
                }

                Clamp clamp = GpuLaneAccess.PackClamps(store) ? Unneeded : store.Clamp;
                Clamp(w, "q", k.LaneChannels, clamp);
                GpuLaneAccess.Store(w, store.Target, $"output{s}", "q", k.LaneChannels, pixel, "channel");
            }
        }
    }

    private static Clamp Unneeded { get; } = new(0, 0, false, false);

    private static void Clamp(SourceWriter w, string prefix, int count, Clamp clamp)
    {
        for (int i = 0; clamp.Needed && i < count; i++)
        {
            string value = clamp.Low ? $"IntrinsicMath.Max({prefix}{i}, {clamp.Lo})" : $"{prefix}{i}";
            w.Line($"{prefix}{i} = {(clamp.High ? $"IntrinsicMath.Min({value}, {clamp.Hi})" : value)};");
        }
    }

    private static string Field(string words, int i) => $"{words}{i / 4}.{"XYZW"[i % 4]}";
}
