namespace Hawq.Model;

/// <summary>
/// One operator in the manifest: how it is read, written and checked. A new operator is a record in Layers/, a subclass of this in Formats/ and a
/// line in <see cref="LayerFormats"/>.
/// </summary>
internal abstract class LayerFormat
{
    /// <summary>Name in the manifest.</summary>
    public abstract string Op { get; }

    /// <summary>The field that names the input of an index in <see cref="Layer.Inputs"/>.</summary>
    public virtual string InputField(int index) => "input";

    /// <summary>Reads every field but <c>name</c> and <c>op</c>.</summary>
    public abstract Layer Read(string name, FieldReader fields);

    /// <summary>Writes every field but <c>name</c> and <c>op</c>, in the order of the documentation.</summary>
    public abstract void Write(Layer layer, ManifestText text);

    /// <summary>
    /// Checks shapes, counts and that no int32 can overflow.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="inputs">Its input tensors.</param>
    /// <param name="output">Its output tensor.</param>
    /// <param name="issues">Receives what does not fit.</param>
    public abstract void Check(Layer layer, Tensor[] inputs, Tensor output, LayerIssues issues);
}

/// <summary>The typed face of <see cref="LayerFormat"/>.</summary>
/// <typeparam name="T">Record of the operator.</typeparam>
internal abstract class LayerFormat<T> : LayerFormat
    where T : Layer
{
    public sealed override Layer Read(string name, FieldReader fields) => ReadLayer(name, fields);

    public sealed override void Write(Layer layer, ManifestText text) => WriteLayer((T)layer, text);

    public sealed override void Check(Layer layer, Tensor[] inputs, Tensor output, LayerIssues issues) => CheckLayer((T)layer, inputs, output, issues);

    protected abstract T ReadLayer(string name, FieldReader fields);

    protected abstract void WriteLayer(T layer, ManifestText text);

    protected abstract void CheckLayer(T layer, Tensor[] inputs, Tensor output, LayerIssues issues);
}

/// <summary>All operators of the manifest.</summary>
internal static class LayerFormats
{
    private static readonly LayerFormat[] s_all =
    [
        new AddFormat(),
        new AveragePoolFormat(),
        new ConcatFormat(),
        new ConvFormat(),
        new GemmFormat(),
        new GlobalAveragePoolFormat(),
        new LookupFormat(),
        new MaxPoolFormat(),
        new MulFormat(),
        new PadFormat(),
        new PermuteFormat(),
        new RequantizeFormat(),
        new ResizeFormat(),
        new SliceFormat(),
        new SpreadFormat(),
        new SubFormat(),
    ];

    private static readonly Dictionary<string, LayerFormat> s_byOp = s_all.ToDictionary(format => format.Op);

    /// <summary>Names of the operators, in order.</summary>
    public static IEnumerable<string> Ops => s_all.Select(format => format.Op).OrderBy(op => op, StringComparer.Ordinal);

    /// <summary>The operator of a name, or null.</summary>
    public static LayerFormat? Find(string op) => s_byOp.TryGetValue(op, out LayerFormat format) ? format : null;
}
