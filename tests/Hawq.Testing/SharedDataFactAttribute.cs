using Xunit;

namespace Hawq.Testing;

/// <summary>A test that reads <see cref="SharedData"/>; skipped with a message where that folder is absent.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    internal const string Message = "The shared data folder (../shared/data beside the checkout, or HAWQ_SHARED_DATA) is absent.";

    /// <summary>Marks the test.</summary>
    public SharedDataFactAttribute() => Skip = SharedData.Root is null ? Message : null!;
}

/// <summary>The same for a theory.</summary>
public sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    /// <summary>Marks the test.</summary>
    public SharedDataTheoryAttribute() => Skip = SharedData.Root is null ? SharedDataFactAttribute.Message : null!;
}
