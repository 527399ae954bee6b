using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Hawq.CodeGen.Tests.Emitted;

/// <summary>Reads the IL of everything that <c>Infer</c> reaches and lists what does not belong in an integer-only, allocation-free inference path.</summary>
internal static class InferencePath
{
    /// <summary>What generated code may call outside itself: type, and how the method's name starts.</summary>
    private static readonly (string Type, string Method)[] s_allowed =
    [
        ("System.Math", "Min"),
        ("System.Math", "Max"),
        ("System.ReadOnlySpan`1", "get_Length"),
        ("System.ReadOnlySpan`1", "GetPinnableReference"),
        ("System.ReadOnlySpan`1", ".ctor"),
        ("System.Span`1", "get_Length"),
        ("System.Span`1", "GetPinnableReference"),
        ("System.Span`1", ".ctor"),
        ("System.ReadOnlySpan`1", "Slice"),
        ("System.Span`1", "Slice"),
        ("System.GC", "KeepAlive"),
        ("System.Diagnostics.Stopwatch", "GetTimestamp"),
        ("System.Threading.Monitor", ""),
        ("System.Threading.Interlocked", "Increment"),
        ("System.Threading.Interlocked", "Decrement"),
        ("System.Threading.Interlocked", "CompareExchange"),
        ("System.Threading.Volatile", "Read"),
        ("System.Threading.Volatile", "Write"),
        ("System.Threading.Thread", "SpinWait"),
        ("System.Runtime.CompilerServices.RuntimeHelpers", "CreateSpan"),
        ("System.Runtime.InteropServices.NativeMemory", "Fill"),
        ("System.Runtime.InteropServices.NativeMemory", "Copy"),
        ("System.Runtime.Intrinsics.", ""),
    ];

    private static readonly HashSet<Code> s_floatingPoint =
    [
        Code.Ldc_R4, Code.Ldc_R8, Code.Conv_R4, Code.Conv_R8, Code.Conv_R_Un, Code.Ldind_R4, Code.Ldind_R8, Code.Stind_R4, Code.Stind_R8,
        Code.Ldelem_R4, Code.Ldelem_R8, Code.Stelem_R4, Code.Stelem_R8,
    ];

    private static readonly HashSet<Code> s_division = [Code.Div, Code.Div_Un, Code.Rem, Code.Rem_Un];

    private static readonly HashSet<Code> s_allocation = [Code.Newobj, Code.Newarr, Code.Box];

    /// <summary>Violations, one sentence each; and the names of the methods visited.</summary>
    public static (IReadOnlyList<string> Violations, IReadOnlyCollection<string> Visited) Check(byte[] image)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(new MemoryStream(image));
        Queue<MethodDefinition> queue = new(module.Types.SelectMany(t => t.Methods).Where(m => m.IsPublic && m.Name is "Infer" or "Classify" or "InferBatch"));
        HashSet<string> visited = [];
        List<string> violations = [];
        while (queue.TryDequeue(out MethodDefinition? method))
        {
            if (!visited.Add(method.FullName))
            {
                continue;
            }

            foreach (Instruction instruction in method.Body.Instructions)
            {
                Code code = instruction.OpCode.Code;
                if (s_floatingPoint.Contains(code))
                {
                    violations.Add($"{method.Name} uses floating point: {instruction}.");
                }
                else if (s_division.Contains(code))
                {
                    violations.Add($"{method.Name} divides: {instruction}.");
                }
                else if (s_allocation.Contains(code) && !IsValueType(instruction))
                {
                    violations.Add($"{method.Name} allocates: {instruction}.");
                }

                if (instruction.Operand is MethodReference called)
                {
                    Follow(module, method, called, queue, violations);
                }
            }
        }

        return (violations, visited);
    }

    private static void Follow(ModuleDefinition module, MethodDefinition method, MethodReference called, Queue<MethodDefinition> queue, List<string> violations)
    {
        if (called.Resolve() is { } definition && definition.Module == module)
        {
            // A method that never returns only makes an exception: it is not part of an inference.
            if (!definition.CustomAttributes.Any(a => a.AttributeType.Name == "DoesNotReturnAttribute"))
            {
                queue.Enqueue(definition);
            }
        }
        else
        {
            string type = called.DeclaringType.GetElementType().FullName;
            if (!s_allowed.Any(a => (a.Type.EndsWith('.') ? type.StartsWith(a.Type, StringComparison.Ordinal) : type == a.Type) && called.Name.StartsWith(a.Method, StringComparison.Ordinal)))
            {
                violations.Add($"{method.Name} calls {called.FullName}, which is not on the list.");
            }
        }
    }

    private static bool IsValueType(Instruction instruction) =>
        instruction.OpCode.Code == Code.Newobj && ((MethodReference)instruction.Operand).DeclaringType.IsValueType;
}
