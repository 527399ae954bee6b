namespace Hawq.Fuzz.Mutations;

/// <summary>Strings that try to become code, to hide it, or to leave their folder.</summary>
internal static class HostileText
{
    /// <summary>The name that all of them try to declare: where it is an identifier of generated code, one has got through.</summary>
    public const string Canary = "Evil";

    private static readonly string[] s_texts =
    [
        "*/ class Evil { } /*", "\"; class Evil { } //", "\"); } public static class Evil { static Evil() { ", "</summary> class Evil", "</para></remarks>\" class Evil",
        "x\n} class Evil {", "x\r\nclass Evil { }", "x\u2028class Evil { }", "x\u2029class Evil { }", "x\u0085class Evil { }", "\u202Eclass Evil { }", "\u2066class Evil { }\u2069",
        "\U000E0041class Evil { }", "\\u000aclass Evil { }", "\\\"; class Evil { } //", "{Evil}", "$\"{Evil()}\"", "\"\"\"\nclass Evil { }\n\"\"\"", "@\"Evil", "#endif", "#line 1 \"Evil\"",
        "class", "namespace", "Evil", "\u0395vil", "\u0421lass Evil", "\u200BEvil", "\uFEFFEvil", "\uD800", "", " ", "../../Evil", "/etc/passwd", "..\\Evil", "c:\\Evil", "nul", "a\0b",
        new string('a', 2000), string.Concat(Enumerable.Repeat("\"", 500)), "&lt;&#10;class Evil", "]]>class Evil", "'\\''", "//", "///", "/*",
    ];

    /// <summary>One of them.</summary>
    public static string Any(Random random) => s_texts[random.Next(s_texts.Length)];
}
