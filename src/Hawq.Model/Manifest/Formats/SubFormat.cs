namespace Hawq.Model;

internal sealed class SubFormat : PairFormat<SubLayer>
{
    public override string Op => "sub";

    protected override SubLayer Create(string name, string a, string b, string output, Dyadic requantizeA, Dyadic requantizeB) =>
        new(name, a, b, output, requantizeA, requantizeB);

    protected override string Phrase(Shape a, Shape b) => $"it subtracts {b} from {a}";

    protected override (string What, long Lo, long Hi) Combine((long Lo, long Hi) a, (long Lo, long Hi) b) => ("the difference", a.Lo - b.Hi, a.Hi - b.Lo);
}
