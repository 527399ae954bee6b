namespace Hawq.Compilation;

/// <summary>How generated code is compiled in memory.</summary>
/// <param name="Trace">Whether tensors can be read after every step.</param>
/// <param name="CheckOverflow">Whether arithmetic is checked by default, as in projects that set CheckForOverflowUnderflow.</param>
/// <param name="WarningsAsErrors">Whether any warning is a failure.</param>
/// <param name="Rewrite">Changes the text of a generated file before it is compiled: for tests that prove that a verification can fail.</param>
/// <param name="Threads">Threads of the instance; tracing wants 1.</param>
public sealed record CompilationOptions(
    bool Trace = false, bool CheckOverflow = false, bool WarningsAsErrors = true, Func<string, string>? Rewrite = null, int Threads = 1);

/// <summary>Generated C# did not compile: a bug of the emitter.</summary>
/// <param name="message">The compiler's messages with the lines they are about.</param>
public sealed class GeneratedCodeException(string message) : Exception(message);
