using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Small pieces of C# text.</summary>
internal static class CodeText
{
    /// <summary>C# keyword of a storage element.</summary>
    public static string TypeOf(ElementType element) => element switch
    {
        ElementType.UInt8 => "byte",
        ElementType.Int8 => "sbyte",
        ElementType.Int16 => "short",
        _ => "int",
    };

    /// <summary>SHA-256 of a text as UTF-8, in hexadecimal.</summary>
    public static string Sha256(string text)
    {
        using SHA256 sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(Encoding.UTF8.GetBytes(text)).Select(value => value.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>A number as a literal.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>" + n", " - n" or nothing.</summary>
    public static string Plus(long value) => value == 0 ? string.Empty : value > 0 ? $" + {Number(value)}" : $" - {Number(-value)}";

    /// <summary>"name * n", "name" or "0".</summary>
    public static string Times(string name, long value) => value switch
    {
        0 => "0",
        1 => name,
        _ => $"{name} * {Number(value)}",
    };

    /// <summary>A sum of terms, without those that are "0".</summary>
    public static string Sum(params string[] terms)
    {
        string sum = string.Join(" + ", terms.Where(term => term != "0"));
        return sum.Length == 0 ? "0" : sum;
    }

    /// <summary>A pointer into the arena at a byte offset, cast to the element.</summary>
    public static string Arena(ElementType element, int offset)
    {
        string address = offset == 0 ? "arena" : $"arena + {Number(offset)}";
        return element == ElementType.UInt8 ? address : Cast($"{TypeOf(element)}*", address);
    }

    /// <summary>A pointer into the block of weights at a byte offset.</summary>
    public static string Block(string type, int offset) => Cast($"{type}*", offset == 0 ? "weights" : $"weights + {Number(offset)}");

    /// <summary>A cast, with parentheses around anything but a name.</summary>
    public static string Cast(string type, string value) => value.All(c => char.IsLetterOrDigit(c)) ? $"({type}){value}" : $"({type})({value})";

    /// <summary>
    /// A header or call with a list in parentheses: one line where it is short, otherwise the list follows on lines of its own.
    /// </summary>
    public static string List(string before, IEnumerable<string> items, string after)
    {
        const int width = 150;
        string[] all = items.ToArray();
        string single = $"{before}({string.Join(", ", all)}){after}";
        if (single.Length <= width)
        {
            return single;
        }

        System.Text.StringBuilder text = new(before + "(");
        int column = width;
        for (int i = 0; i < all.Length; i++)
        {
            if (column + all[i].Length > width)
            {
                text.Append("\n    ");
                column = 4;
            }
            else
            {
                text.Append(' ');
            }

            text.Append(all[i]).Append(i == all.Length - 1 ? string.Empty : ",");
            column += all[i].Length + 2;
        }

        return text.Append(')').Append(after).ToString();
    }

    /// <summary>A clamp of an expression, only as far as it is needed.</summary>
    public static string Clamp(string value, Clamp clamp) => clamp switch
    {
        { Low: true, High: true } => $"global::System.Math.Min(global::System.Math.Max({value}, {Number(clamp.Lo)}), {Number(clamp.Hi)})",
        { Low: true } => $"global::System.Math.Max({value}, {Number(clamp.Lo)})",
        { High: true } => $"global::System.Math.Min({value}, {Number(clamp.Hi)})",
        _ => value,
    };

    /// <summary>Type name and range of a tensor as stored: "u7 as bytes", for sentences.</summary>
    public static string Describe(TensorStorage storage) => $"{storage.Tensor.Shape} {storage.Tensor.TypeName}";

    /// <summary>"U7", "S16": a type in a method name.</summary>
    public static string Tag(Tensor tensor) => tensor.TypeName.ToUpperInvariant();
}
