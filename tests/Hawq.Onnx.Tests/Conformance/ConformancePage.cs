using System.Globalization;
using System.Text;

namespace Hawq.Onnx.Tests.Conformance;

/// <summary>The generated page: a line per operator, and every case that did not pass.</summary>
internal static class ConformancePage
{
    /// <param name="introduction">Title and first paragraphs.</param>
    /// <param name="table">Results by operator and case.</param>
    public static string Write(string introduction, SortedDictionary<string, SortedDictionary<string, CaseResult>> table)
    {
        StringBuilder page = new(introduction.ReplaceLineEndings("\n"));
        page.Append("\n| operator | passed | folded | dropped | refused | not applicable | failed | codes | ties | steps | attributes in what passed |\n");
        page.Append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach ((string op, SortedDictionary<string, CaseResult> cases) in table)
        {
            string attributes = string.Join(", ", Good(cases.Values).SelectMany(result => result.Attributes).Distinct().Order(StringComparer.Ordinal));
            page.Append($"| {op} | {Counts(cases.Values)} | {attributes} |\n");
        }

        CaseResult[] all = [.. table.Values.SelectMany(cases => cases.Values)];
        page.Append($"| **all {all.Length}** | {Counts(all)} | |\n");
        page.Append("\n## Every case that did not pass\n\n| case | result |\n|---|---|\n");
        foreach ((string name, CaseResult result) in table.Values.SelectMany(cases => cases).Except(Passed(table)).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            page.Append($"| {name} | {Word(result.Status)}: {result.Detail.Split(" Supported are: ")[0].Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        return page.ToString();
    }

    private static IEnumerable<KeyValuePair<string, CaseResult>> Passed(SortedDictionary<string, SortedDictionary<string, CaseResult>> table) =>
        table.Values.SelectMany(cases => cases).Where(pair => pair.Value.Status is CaseStatus.Passed or CaseStatus.Folded);

    private static IEnumerable<CaseResult> Good(IEnumerable<CaseResult> results) => results.Where(result => result.Status is CaseStatus.Passed or CaseStatus.Folded or CaseStatus.Dropped);

    private static string Counts(ICollection<CaseResult> results)
    {
        IEnumerable<string> counts = Enum.GetValues<CaseStatus>().Select(status => Number(results.Count(result => result.Status == status)));
        int codes = results.Sum(result => result.Codes);
        string steps = results.Max(result => result.Steps) is { } worst ? worst.ToString("F1", CultureInfo.InvariantCulture) : "";
        return string.Join(" | ", [.. counts, codes > 0 ? Number(codes) : "", codes > 0 ? Number(results.Sum(result => result.Ties)) : "", steps]);
    }

    private static string Word(CaseStatus status) => status switch
    {
        CaseStatus.NotApplicable => "not applicable",
        CaseStatus.Failed => "FAILED",
        _ => status.ToString().ToLowerInvariant(),
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
