using System.Globalization;
using System.Text;

namespace Hawq.Model;

/// <summary>What strings a manifest may hold. They are printed into generated source and into terminals.</summary>
internal static class ManifestNames
{
    private const int FileNameLength = 128;

    /// <summary>
    /// Whether a string has no control, formatting (bidirectional overrides hide code from a reviewer) or line-separating character and no half of
    /// a surrogate pair.
    /// </summary>
    public static bool IsPrintable(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            // Of a whole pair the category is that of the character: there are invisible ones beyond the first plane too.
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(text, i);
            i += category != UnicodeCategory.Surrogate && char.IsHighSurrogate(text[i]) ? 1 : 0;
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a string is the name of a tensor or layer: not empty, printable.</summary>
    public static bool IsName(string text) => text.Length > 0 && text.Trim() == text && text.Length <= ManifestLimits.StringLength && IsPrintable(text);

    /// <summary>Whether a string is a plain file name on every system: no folder, no reserved character, no leading dot.</summary>
    public static bool IsFileName(string text) =>
        IsName(text) && text.Length <= FileNameLength && text.IndexOfAny(['/', '\\', ':', '*', '?', '"', '<', '>', '|']) < 0 && text[0] != '.'
        && text[text.Length - 1] != '.';

    /// <summary>Whether a string is a lower-case hexadecimal SHA-256.</summary>
    public static bool IsSha256(string text) => text.Length == 64 && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f'));

    /// <summary>A string for a message: unprintable characters as escapes, and cut when it is long.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new();
        foreach (char c in text.Length > 60 ? text.Substring(0, 60) + "..." : text)
        {
            quoted.Append(IsPrintable(c.ToString()) ? c.ToString() : "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture));
        }

        return quoted.ToString();
    }
}
