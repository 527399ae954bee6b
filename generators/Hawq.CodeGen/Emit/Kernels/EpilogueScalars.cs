using Hawq.Planning;

namespace Hawq.CodeGen.Emit.Kernels;

/// <summary>
/// The multipliers of an epilogue that are the same for all channels, as one array of ints that its tiles take: layers whose multipliers differ have the same
/// text. The values come from the parameters of the step (<see cref="ScalarEpilogue"/>).
/// </summary>
internal sealed class EpilogueScalars
{
    private readonly Dictionary<string, int> _offsets = [];
    private readonly List<string> _values = [];

    /// <summary>Collects the multipliers of <paramref name="plan"/> in its order.</summary>
    public EpilogueScalars(Epilogue plan)
    {
        if (plan.Residual is { } residual)
        {
            Add("self", residual.Self, null);
            Add("residual", residual.Other, plan.Shorts?.Operand);
        }

        for (int i = 0; i < plan.Stores.Count; i++)
        {
            Add(ScalarEpilogue.OutputName(plan, i), plan.Stores[i].Requantize, plan.Shorts?.Stores[i]);
        }
    }

    /// <summary>Whether there is one.</summary>
    public bool Any => _values.Count > 0;

    /// <summary>The elements of the array.</summary>
    public string Values => string.Join(", ", _values);

    /// <summary>The address of a multiplier's ints, or null where it is 1.</summary>
    public string? this[string name] => _offsets.TryGetValue(name, out int offset) ? $"scalars{ConvTile.Offset(offset)}" : null;

    private void Add(string name, Requantizer requantize, ShortForm? form)
    {
        if (requantize.Form == RequantizeForm.Identity)
        {
            return;
        }

        _offsets.Add(name, _values.Count);
        (string multiplier, string rounding, string shift) = ($"{name}Multiplier", $"{name}Rounding", $"{name}Shift");
        string upper = $"({multiplier} + 32768) >> 16";
        int lift = 16 - requantize.PreShift; // from 2^(c+k-33) and c+k-32 to 2^(c-17) and c-16
        _values.AddRange(form switch
        {
            ShortForm.Narrow => [upper, rounding, shift],
            ShortForm.Split when lift == 0 => [multiplier, rounding, shift, $"({upper}) | 65536"],
            ShortForm.Split => [multiplier, $"{rounding} << {lift}", $"{shift} + {lift}", $"({upper}) | 65536"],
            _ => new[] { multiplier, rounding, shift },
        });
    }
}
