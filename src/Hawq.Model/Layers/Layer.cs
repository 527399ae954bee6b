namespace Hawq.Model;

/// <summary>
/// One layer: a pure function from its input tensors to its output tensor. Each kind has a file of its own in this folder, with
/// its integer semantics in the summary; the reference interpreter is the same definition in code.
/// </summary>
/// <param name="Name">Unique within the network; the ONNX node's name where there is one.</param>
/// <param name="Output">Name of the tensor it writes.</param>
public abstract record Layer(string Name, string Output)
{
    /// <summary>Operator name in the manifest.</summary>
    public abstract string Op { get; }

    /// <summary>Names of the tensors it reads.</summary>
    public abstract EquatableArray<string> Inputs { get; }
}
