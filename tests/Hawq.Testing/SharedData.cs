namespace Hawq.Testing;

/// <summary>
/// The folder of models and data sets that some tests read. It lies beside the checkout where the project is developed and is absent in
/// a user's checkout: those tests are then skipped with a message.
/// </summary>
public static class SharedData
{
    /// <summary>Absolute path of the folder, or null where it is absent.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Absolute path of a file in the folder. Only for tests marked <see cref="SharedDataFactAttribute"/>.</summary>
    public static string PathOf(params string[] parts) =>
        Path.Combine([Root ?? throw new InvalidOperationException("Mark the test with SharedDataFact or SharedDataTheory."), .. parts]);

    private static string? Find()
    {
        string checkout = Checkout.Root;
        string candidate = Path.GetFullPath(Path.Combine(checkout, "..", "shared", "data"));
        return Environment.GetEnvironmentVariable("HAWQ_SHARED_DATA") is { Length: > 0 } set ? set : Directory.Exists(candidate) ? candidate : null;
    }
}

/// <summary>Where the repository is checked out.</summary>
public static class Checkout
{
    /// <summary>Absolute path of the folder that holds Hawq.CodeGen.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hawq.CodeGen.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Hawq.CodeGen.sln.");
    }
}
