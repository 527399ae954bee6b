using Hawq.Planning;

namespace Hawq.CodeGen.Emit;

/// <summary>How the part of a step that one thread does is written.</summary>
internal static class WorkText
{
    /// <summary>The last two parameters of a divisible step's kernel, and the calling thread's part as their arguments.</summary>
    public static IEnumerable<Parameter> Range(WorkPlan work) => [new("int", "first", $"first{work.Count}"), new("int", "end", $"end{work.Count}")];

    /// <summary>Declares the calling thread's part of every number of units that occurs in the plan.</summary>
    public static void Declare(SourceWriter writer, NetworkPlan plan)
    {
        foreach (int count in plan.Steps.Where(step => step.Work.Axis != WorkAxis.Whole).Select(step => step.Work.Count).Distinct())
        {
            writer.Line($"int first{count} = team.Share({count}, worker);");
            writer.Line($"int end{count} = team.Share({count}, worker + 1);");
        }
    }
}
