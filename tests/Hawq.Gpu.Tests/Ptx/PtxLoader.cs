using System.Globalization;
using Hawq.Compilation.Ptx;

namespace Hawq.Gpu.Tests.Ptx;

/// <summary>Makes the kernel of a PTX module ready to run: finds out what operands mean, and compiles every instruction.</summary>
public sealed class PtxLoader
{
    private readonly PtxModule _module;

    private PtxLoader(PtxModule module) => _module = module;

    public static PtxKernel Load(string ptx)
    {
        PtxModule module = PtxModule.Parse(ptx);
        PtxLoader loader = new(module);
        PtxOperation[] code = [.. module.Instructions.Select(loader.Compile)];
        int uniform = 0;
        foreach (PtxOperation operation in code.Where(operation => operation.Target is not null))
        {
            int target = module.Labels.TryGetValue(operation.Target!, out int index) ? index : throw new PtxException($"Unknown label: {operation.Text}");
            operation.Run = thread => thread.Next = target;
            if (operation.Guard >= 0 && operation.Text.StartsWith("bra.uni", StringComparison.Ordinal))
            {
                operation.UniformBranch = uniform++;
            }
        }

        return new PtxKernel
        {
            Name = module.Entry,
            Parameters = [.. module.Parameters.Values.OrderBy(parameter => parameter.Offset)],
            ParameterBytes = PtxModule.BytesOf(module.Parameters),
            SharedBytes = module.SharedBytes,
            LocalBytes = PtxModule.BytesOf(module.Local),
            RegisterCount = module.Registers.Count,
            Code = code,
        };
    }

    private PtxOperation Compile(PtxInstruction instruction)
    {
        PtxOperation operation = new()
        {
            Text = instruction.ToString(), Guard = instruction.Guard is null ? -1 : Register(instruction.Guard), GuardNegated = instruction.GuardNegated,
        };
        new PtxCompiler(this, operation, [.. instruction.Parts], [.. instruction.Operands]).Compile();
        return operation;
    }

    internal int Register(string name) => _module.Registers.TryGetValue(name, out int register) ? register : throw new PtxException($"Unknown register '{name}'.");

    /// <summary>A source operand: register, special register, symbol address or literal.</summary>
    internal Func<PtxThread, ulong> Value(string operand)
    {
        if (_module.Registers.TryGetValue(operand, out int register))
        {
            return thread => thread.Registers[register];
        }

        switch (operand)
        {
            case "%tid.x": return thread => (ulong)thread.Index;
            case "%tid.y" or "%tid.z": return _ => 0;
            case "%ntid.x": return thread => (ulong)thread.Block.Threads;
            case "%ntid.y" or "%ntid.z": return _ => 1;
            case "%ctaid.x": return thread => (ulong)thread.Block.X;
            case "%ctaid.y": return thread => (ulong)thread.Block.Y;
            case "%ctaid.z": return thread => (ulong)thread.Block.Z;
            case "%nctaid.x": return thread => (ulong)thread.Block.Grid.X;
            case "%nctaid.y": return thread => (ulong)thread.Block.Grid.Y;
            case "%nctaid.z": return thread => (ulong)thread.Block.Grid.Z;
            case "%laneid": return thread => (ulong)thread.Lane;
        }

        if (_module.Shared.TryGetValue(operand, out PtxVariable array) || _module.Local.TryGetValue(operand, out array))
        {
            return _ => (ulong)array.Offset;
        }

        ulong literal = operand switch
        {
            ['0', 'x' or 'X', ..] => Convert.ToUInt64(operand[2..].TrimEnd('U'), 16),
            ['-', ..] => (ulong)long.Parse(operand, CultureInfo.InvariantCulture),
            _ => ulong.TryParse(operand.TrimEnd('U'), CultureInfo.InvariantCulture, out ulong value)
                ? value
                : throw new PtxException($"Unknown operand '{operand}'."),
        };
        return _ => literal;
    }

    internal int ParameterOffset(string name) =>
        _module.Parameters.TryGetValue(name, out PtxVariable parameter) ? parameter.Offset : throw new PtxException($"Unknown parameter '{name}'.");
}
