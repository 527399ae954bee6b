using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Hawq.Cli.Frame;

/// <summary>The help page of System.CommandLine with the verb's examples (or the exit codes, for the tool itself) under it.</summary>
internal sealed class HelpPage(HelpAction standard, IReadOnlyDictionary<string, Verb> verbs) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        standard.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (verbs.TryGetValue(parseResult.CommandResult.Command.Name, out Verb? verb))
        {
            output.WriteLine("Examples:");
            foreach (Example example in verb.Examples)
            {
                output.WriteLine($"  {example.CommandLine}");
                output.WriteLine($"      {example.Meaning}");
            }
        }
        else
        {
            output.WriteLine(
                """
                From a float network to C#, step by step:
                  hawq quantize resnet20.onnx --calibration train.bin --preprocess cifar10 -o resnet20.hawq.json
                  hawq inspect resnet20.hawq.json
                  hawq verify resnet20.hawq.json
                  hawq evaluate resnet20.hawq.json --data test.bin --float resnet20.onnx
                  hawq emit resnet20.hawq.json -o Generated

                Exit codes:
                  0    done
                  1    an input cannot be used: model, manifest, data, or a file that cannot be written
                  2    wrong command line
                  3    the answer is no: a verification found a difference, or a threshold was missed
                  70   a bug in hawq
                  130  interrupted (Ctrl+C)
                """);
        }

        output.WriteLine();
        return ExitCode.Success;
    }
}
