using System.Globalization;
using Hawq.Model;

namespace Hawq.CodeGen.Pipeline;

/// <summary>Runs a stage so that nothing but cancellation escapes into the compiler, and so that no culture leaks into numbers.</summary>
internal static class Guard
{
    /// <summary>
    /// Calls <paramref name="stage"/>; turns a <see cref="HawqException"/> into its diagnostic and any other exception into the one that says "bug".
    /// </summary>
    /// <param name="manifest">For the diagnostic's position.</param>
    /// <param name="stage">The work.</param>
    /// <param name="failed">Makes the result from a diagnostic.</param>
    /// <param name="cancellation">Checked before and after.</param>
    public static T Run<T>(ManifestText manifest, Func<T> stage, Func<DiagnosticSpec, T> failed, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
#pragma warning disable RS1035 // The culture is pinned for the call and restored: a fi-FI machine must not write U+2212 for a minus sign.
        CultureInfo culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            T result = stage();
            cancellation.ThrowIfCancellationRequested();
            return result;
        }
        catch (HawqException problem)
        {
            return failed(problem.Layer is { } layer
                ? DiagnosticSpec.At(problem.Id, problem.Message, manifest.Item.Path, manifest.Text, $"\"name\": \"{layer}\", \"op\"")
                : new DiagnosticSpec(problem.Id, problem.Message, manifest.Item.Path, Math.Max(1, problem.Line), Math.Max(1, problem.Column)));
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            return failed(new DiagnosticSpec(
                HawqIds.GeneratorBug,
                $"The generator failed on this manifest, which is a bug in Hawq.CodeGen: {bug.GetType().Name}: {OneLine(bug.Message)} ({Origin(bug)}). Please report it with the manifest.",
                manifest.Item.Path, 1, 1));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
#pragma warning restore RS1035
    }

    private static string OneLine(string text) => text.Replace('\r', ' ').Replace('\n', ' ');

    private static string Origin(Exception bug) =>
        bug.TargetSite is { } method ? $"in {method.DeclaringType?.Name}.{method.Name}" : "origin unknown";
}
