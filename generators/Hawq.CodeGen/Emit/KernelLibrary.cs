namespace Hawq.CodeGen.Emit;

/// <summary>Collects the methods of a network: equal text is emitted once, whatever number of layers use it.</summary>
internal sealed class KernelLibrary
{
    /// <summary>Without it a method runs unoptimised until it has been called many times.</summary>
    public const string OptimizeAttribute =
        "[global::System.Runtime.CompilerServices.MethodImpl(global::System.Runtime.CompilerServices.MethodImplOptions.AggressiveOptimization)]";

    /// <summary>The same for the methods where the time goes, which stay methods of their own: inlined, they would share registers with their caller's loops.</summary>
    /// <param name="more">Further attributes, each after a comma.</param>
    public static string TileAttribute(string more = "") => $"[MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization){more}]";

    private const string NamePlaceholder = "\u0001";
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, Entry> _byText = [];
    private readonly List<string> _shared = [];
    private readonly Dictionary<string, string> _sharedNames = [];
    private readonly HashSet<string> _names = [];

    /// <summary>Adds a step's method, or finds the one with the same text; returns the call expression.</summary>
    public string Add(Method method, string layer, IEnumerable<string> proofs)
    {
        string key = Text(method, NamePlaceholder);
        if (!_byText.TryGetValue(key, out Entry? entry))
        {
            entry = new Entry(method, Unique(method.Stem));
            _entries.Add(entry);
            _byText.Add(key, entry);
        }

        entry.Users.Add((layer, proofs.ToArray()));
        return CodeText.List(entry.Name, method.Parameters.Select(p => p.Type == "int" ? $"{p.Name}: {p.Argument}" : p.Argument), ";");
    }

    /// <summary>Adds a method that kernels of any shape may call, or finds the one with the same text; returns its name.</summary>
    /// <param name="stem">Name without the suffix that tells apart methods of different text.</param>
    /// <param name="text">The whole method under a given name.</param>
    public string Share(string stem, Func<string, string> text)
    {
        string key = text(NamePlaceholder);
        if (!_sharedNames.TryGetValue(key, out string? name))
        {
            name = Unique(stem);
            _sharedNames.Add(key, name);
            _shared.Add(text(name));
        }

        return name;
    }

    /// <summary>Writes all methods in the order of their first use, those of <see cref="Share"/> last.</summary>
    public void Write(SourceWriter writer)
    {
        foreach (Entry entry in _entries)
        {
            writer.Blank();
            WriteDocumentation(writer, entry);
            writer.Line(Text(entry.Method, entry.Name).TrimEnd('\n'));
        }

        foreach (string text in _shared)
        {
            writer.Blank();
            writer.Line(text.TrimEnd('\n'));
        }
    }

    private string Unique(string stem)
    {
        string name = stem;
        for (int i = 2; !_names.Add(name); i++)
        {
            name = $"{stem}_{i}";
        }

        return name;
    }

    private static string Text(Method method, string name)
    {
        SourceWriter writer = new();
        writer.Line(OptimizeAttribute);
        using (writer.Block(CodeText.List($"private static void {name}", method.Parameters.Select(p => p.ToString()), string.Empty)))
        {
            using (writer.Block("unchecked"))
            {
                method.Write(writer, name);
            }
        }

        method.Helpers?.Invoke(writer, name);
        return writer.ToString();
    }

    private static void WriteDocumentation(SourceWriter writer, Entry entry)
    {
        writer.Line($"/// <summary>{Escape(entry.Method.Summary)}</summary>");
        writer.Line("/// <remarks>");
        foreach ((string layer, string[] proofs) in entry.Users.Take(EmitLimits.MaxListedLayers))
        {
            writer.Line($"/// <para>{Escape(layer)}.{(proofs.Length == 0 ? "</para>" : string.Empty)}");
            for (int i = 0; i < proofs.Length; i++)
            {
                writer.Line($"/// {Escape(proofs[i])}{(i == proofs.Length - 1 ? "</para>" : string.Empty)}");
            }
        }

        if (entry.Users.Count > EmitLimits.MaxListedLayers)
        {
            writer.Line($"/// <para>And {entry.Users.Count - EmitLimits.MaxListedLayers} more layers with the same text; their proofs stand beside their calls.</para>");
        }

        writer.Line("/// </remarks>");
    }

    internal static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    private sealed class Entry(Method method, string name)
    {
        public Method Method { get; } = method;

        public string Name { get; } = name;

        public List<(string Layer, string[] Proofs)> Users { get; } = [];
    }
}
