namespace Hawq.CodeGen.Emit;

/// <summary>
/// A generated method and how a step calls it. Whatever differs between layers of the same shape is an argument, everything else is a literal in
/// the text; steps whose text is equal share the method.
/// </summary>
/// <param name="Stem">Name without the suffix that tells apart methods of different text; says operator, shape, and types.</param>
/// <param name="Summary">What it computes, in English: the same for all steps that share it.</param>
/// <param name="Parameters">Parameters in order; the last two of a divisible step are <c>int first, int end</c>.</param>
/// <param name="Write">
/// Writes the body (between the braces) into a writer. The second argument is the method's final name: methods per instruction-set tier are
/// written with <paramref name="Helpers"/>.
/// </param>
/// <param name="Helpers">Writes further methods that the body calls, named after the final name; or null.</param>
internal sealed record Method(
    string Stem, string Summary, IReadOnlyList<Parameter> Parameters, Action<SourceWriter, string> Write, Action<SourceWriter, string>? Helpers = null);

/// <summary>A parameter of a generated method, and one step's argument for it.</summary>
/// <param name="Type">C# type.</param>
/// <param name="Name">Name.</param>
/// <param name="Argument">Expression that the step passes.</param>
internal sealed record Parameter(string Type, string Name, string Argument)
{
    public override string ToString() => $"{Type} {Name}";
}
