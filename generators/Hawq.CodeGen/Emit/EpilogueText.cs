using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>Says in English what an epilogue does.</summary>
internal static class EpilogueText
{
    public static string Sentence(Epilogue epilogue)
    {
        string add = epilogue.Residual is { } residual ? $" adds a residual ({residual.Operand.Tensor.TypeName})," : string.Empty;
        string first = epilogue.Requantize is null ? string.Empty : " requantizes,";
        string stores = string.Join(" and ", epilogue.Stores.Select(store =>
            $"{(store.Requantize.Form == RequantizeForm.Identity ? string.Empty : "requantized ")}{store.Target.Tensor.TypeName} codes in [{store.Target.Tensor.Lo}, {store.Target.Tensor.Hi}]"));
        string text = $"{first}{add} stores {stores}.".TrimStart();
        return char.ToUpperInvariant(text[0]) + text.Substring(1);
    }
}
