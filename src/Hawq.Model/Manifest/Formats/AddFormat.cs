namespace Hawq.Model;

internal sealed class AddFormat : PairFormat<AddLayer>
{
    public override string Op => "add";

    protected override AddLayer Create(string name, string a, string b, string output, Dyadic requantizeA, Dyadic requantizeB) =>
        new(name, a, b, output, requantizeA, requantizeB);

    protected override string Phrase(Shape a, Shape b) => $"it adds {a} and {b}";

    protected override (string What, long Lo, long Hi) Combine((long Lo, long Hi) a, (long Lo, long Hi) b) => ("the sum", a.Lo + b.Lo, a.Hi + b.Hi);
}
