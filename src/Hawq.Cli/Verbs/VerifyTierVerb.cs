using System.CommandLine;
using Hawq.Cli.Frame;
using Hawq.Cli.Verification;
using Hawq.Compilation;
using Hawq.Model;
using Hawq.Planning;

namespace Hawq.Cli.Verbs;

/// <summary>The child process of <see cref="VerifyVerb"/>; hidden.</summary>
internal sealed class VerifyTierVerb : Verb
{
    private readonly Argument<string> _tier = new("tier");
    private readonly Argument<string> _manifest = new("manifest");
    private readonly Argument<string> _image = new("image");
    private readonly Argument<string> _cases = new("cases");

    /// <inheritdoc/>
    public override string Name => TierProcess.Verb;

    /// <inheritdoc/>
    public override string Description => "Checks one instruction-set tier; started by 'hawq verify'.";

    /// <inheritdoc/>
    public override IReadOnlyList<Example> Examples => [];

    /// <inheritdoc/>
    public override bool Hidden => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Symbol> Symbols => [_tier, _manifest, _image, _cases];

    /// <inheritdoc/>
    public override int Run(ParseResult parsed, Terminal terminal)
    {
        (Network network, _) = InputFiles.LoadManifest(parsed.GetRequiredValue(_manifest));
        using CompiledNetwork compiled = CompiledNetwork.Load(Planner.Plan(network), File.ReadAllBytes(parsed.GetRequiredValue(_image)));
        terminal.WriteJson(TierCheck.Run(
            compiled, VerificationCases.Read(parsed.GetRequiredValue(_cases)), parsed.GetRequiredValue(_tier), terminal.Cancellation));
        return ExitCode.Success;
    }
}
