using Hawq.Planning;
using Hawq.Planning.Gpu;

namespace Hawq.CodeGen.Emit.Gpu;

/// <summary>
/// Prints how a block brings units of its pixels and of its channels' weights from device memory to shared memory: first into registers, later from there. A thread
/// loads units of one pixel. What lies outside of the map is the zero point.
/// </summary>
internal sealed class GpuTensorCoreStaging(SourceWriter w, GpuConvStep step, string input, string weights)
{
    private readonly ConvGeometry _g = step.Geometry;
    private readonly GpuConvKernel _k = step.Kernel;
    private readonly int _units = GpuWeightLayout.Units(step);
    private readonly int _staged = GpuWeightLayout.StagedUnits(step);
    private readonly int _tapUnits = GpuWeightLayout.TapUnits(step);
    private readonly int _outside = unchecked((int)((step.Input.Tensor.ZeroPoint & 255) * 0x01010101u));

    /// <summary>Units of its pixel that a thread loads for a stage.</summary>
    private int InputLoads => _k.StageUnits * _k.BlockPixels / GpuConvKernel.TensorCoreThreads;

    /// <summary>From one of them to the next.</summary>
    private int SlotStep => GpuConvKernel.TensorCoreThreads / _k.BlockPixels;

    /// <summary>Weight units of a stage.</summary>
    private int WeightUnits => _k.StageUnits * _k.BlockChannels;

    private bool ImageRows => _tapUnits == 0;

    private bool OneTap => _g.Kernel.Height == 1 && _g.Kernel.Width == 1;

    /// <summary>Declares where the pixel whose units this thread loads lies in the input.</summary>
    public void WritePlace()
    {
        w.Line("// This thread brings units of one output pixel's window.");
        w.Line($"int pixel = (Grid.IdxX * {_k.BlockPixels}) + (thread & {_k.BlockPixels - 1});");
        w.Line($"int slot = thread >> {GpuText.Log2(_k.BlockPixels)};");
        GpuText.PixelPlace(w, _g);
        string place = $"(((image * {_g.Input.Height}) + top) * {_g.Input.Width}) + left";
        w.Line(ImageRows ? $"int window = {place};" : $"int window = ({place}) * {_tapUnits};");
        w.Line(ImageRows ? "" : $"ArrayView<Word4> inputUnits = {input}.Cast<Word4>();");
        w.Line($"ArrayView<Word4> weightUnits = {weights}.Cast<Word4>();");
        w.Line($"int firstWeight = (Grid.IdxY * {_staged * _k.BlockChannels}) + thread;");
    }

    /// <summary>Loads a stage into registers.</summary>
    /// <param name="stage">First unit of the stage, as an expression.</param>
    /// <param name="declare">Whether the variables are new.</param>
    public void WriteLoad(string stage, bool declare)
    {
        for (int i = 0; declare && i < InputLoads; i++)
        {
            w.Line($"Word4 unit{i};");
        }

        using (w.Block())
        {
            bool sameTap = !ImageRows && !OneTap && _tapUnits % _k.StageUnits == 0;
            if (sameTap)
            {
                w.Line("// The whole stage belongs to one tap.");
                Tap(stage);
            }

            for (int i = 0; i < InputLoads; i++)
            {
                using (w.Block())
                {
                    w.Line($"int unit = {stage} + slot{(i == 0 ? "" : $" + {i * SlotStep}")};");
                    if (ImageRows)
                    {
                        ImageUnit(i);
                    }
                    else
                    {
                        if (!sameTap && !OneTap)
                        {
                            Tap("unit");
                        }

                        Unit(i);
                    }
                }
            }
        }

        for (int first = 0, i = 0; first < WeightUnits; first += GpuConvKernel.TensorCoreThreads, i++)
        {
            // A last row of fewer units: the other threads load some unit again, and do not store it.
            int count = Math.Min(GpuConvKernel.TensorCoreThreads, WeightUnits);
            string index = $"firstWeight + ({stage} * {_k.BlockChannels}){(first == 0 ? "" : $" + {first}")}";
            index = count < GpuConvKernel.TensorCoreThreads ? $"{index} - (thread & {GpuConvKernel.TensorCoreThreads - count})" : index;
            w.Line($"{(declare ? "Word4 " : "")}weight{i} = weightUnits[{index}];");
        }
    }

    /// <summary>Stores what was loaded into one of the two halves of shared memory.</summary>
    public void WriteStore(string buffer)
    {
        string half(int units) => buffer == "0" ? "" : $"({buffer} * {units}) + ";
        for (int i = 0; i < InputLoads; i++)
        {
            w.Line($"sharedInput[{half(_k.StageUnits * _k.BlockPixels)}thread{(i == 0 ? "" : $" + {i * GpuConvKernel.TensorCoreThreads}")}] = unit{i};");
        }

        for (int first = 0, i = 0; first < WeightUnits; first += GpuConvKernel.TensorCoreThreads, i++)
        {
            string store = $"sharedWeights[{half(WeightUnits)}thread{(first == 0 ? "" : $" + {first}")}] = weight{i};";
            if (WeightUnits < GpuConvKernel.TensorCoreThreads)
            {
                using (w.Block($"if (thread < {WeightUnits})"))
                {
                    w.Line(store);
                }
            }
            else
            {
                w.Line(store);
            }
        }
    }

    /// <summary>Declares the tap of a unit, its row and its column.</summary>
    private void Tap(string unit)
    {
        int taps = _staged / _tapUnits;
        w.Line($"int tap = {GpuText.Divide(unit, _tapUnits, _staged)};");
        w.Line($"int row = {GpuText.Divide("tap", _g.Kernel.Width, taps)};");
        w.Line($"int column = tap - (row * {_g.Kernel.Width});");
    }

    private void Unit(int i)
    {
        List<string> inside = ["pixel < pixels"];
        if (_staged > _units)
        {
            inside.Add($"unit < {_units}");
        }

        string index = "window + unit";
        if (OneTap)
        {
            Inside(inside, "top", "left");
        }
        else
        {
            Inside(inside, $"top + (row * {_g.Dilation.Height})", $"left + (column * {_g.Dilation.Width})");
            index = $"window + ((((row * {_g.Dilation.Height * _g.Input.Width}) + (column * {_g.Dilation.Width})) - tap) * {_tapUnits}) + unit";
        }

        w.Line($"unit{i} = {(_outside == 0 ? "default" : $"new Word4 {{ X = {_outside}, Y = {_outside}, Z = {_outside}, W = {_outside} }}")};");
        using (w.Block($"if ({string.Join(" & ", inside)})"))
        {
            w.Line($"unit{i} = inputUnits[{index}];");
        }
    }

    /// <summary>Conditions under which an input pixel lies in the map; none where no window reaches over the border.</summary>
    private void Inside(List<string> conditions, string inputY, string inputX)
    {
        if (_g.Padding.Top > 0 || ((_g.Output.Height - 1) * _g.Stride.Height) + ((_g.Kernel.Height - 1) * _g.Dilation.Height) - _g.Padding.Top >= _g.Input.Height)
        {
            w.Line($"int inputY = {inputY};");
            conditions.Add($"inputY >= 0 & inputY < {_g.Input.Height}");
        }

        if (_g.Padding.Left > 0 || ((_g.Output.Width - 1) * _g.Stride.Width) + ((_g.Kernel.Width - 1) * _g.Dilation.Width) - _g.Padding.Left >= _g.Input.Width)
        {
            w.Line($"int inputX = {inputX};");
            conditions.Add($"inputX >= 0 & inputX < {_g.Input.Width}");
        }
    }

    /// <summary>A unit of an image is four neighbouring taps of a kernel row: a word each.</summary>
    private void ImageUnit(int i)
    {
        int rowUnits = GpuWeightLayout.RowUnits(step);
        w.Line($"int row = {GpuText.Divide("unit", rowUnits, _staged)};");
        w.Line($"int inputY = top + (row * {_g.Dilation.Height});");
        w.Line($"int column = (unit - (row * {rowUnits})) * {GpuWeightLayout.ImageTapsPerUnit * _g.Dilation.Width};");
        w.Line($"bool inside = pixel < pixels & unit < {_units} & inputY >= 0 & inputY < {_g.Input.Height};");
        w.Line($"int at = window + (row * {_g.Dilation.Height * _g.Input.Width}) + column;");
        w.Line("int inputX = left + column;");
        for (int tap = 0; tap < GpuWeightLayout.ImageTapsPerUnit; tap++)
        {
            int offset = tap * _g.Dilation.Width;
            string plus = offset == 0 ? "" : $" + {offset}";
            w.Line($"int word{tap} = {_outside};");
            using (w.Block($"if (inside & inputX{plus} >= 0 & inputX{plus} < {_g.Input.Width})"))
            {
                w.Line($"word{tap} = {input}[at{plus}];");
            }
        }

        w.Line($"unit{i} = new Word4 {{ X = word0, Y = word1, Z = word2, W = word3 }};");
    }
}
