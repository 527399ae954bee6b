using System.Text;
using Hawq.Cli;
using Hawq.Cli.Benchmarking;
using Hawq.Cli.Frame;

// A child of 'hawq bench --start': nothing of the tool itself may be loaded before it.
if (StartProcess.RunChild(args))
{
    return ExitCode.Success;
}

// Tables and micro signs on every platform; no byte order mark, so that standard output can be piped.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
bool live = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && Environment.GetEnvironmentVariable("CI") is null or "";
return await HawqTool.RunAsync(args, Console.Out, Console.Error, live);
