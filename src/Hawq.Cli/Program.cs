using System.Text;
using Hawq.Cli;

// Tables and micro signs on every platform; no byte order mark, so that standard output can be piped.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
bool live = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && Environment.GetEnvironmentVariable("CI") is null or "";
return await HawqTool.RunAsync(args, Console.Out, Console.Error, live);
