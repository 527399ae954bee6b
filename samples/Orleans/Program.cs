// Runs the CIFAR-10 network over many images in two processes, kills one of them in the middle, and shows that no logit differs from one process's.
//   dotnet run -c Release --project samples/Orleans [-- --images N] [--no-kill]
// Or calibrates a network on many images in the same way, and shows that not a byte of it differs.
//   dotnet run -c Release --project samples/Orleans -- --calibrate FOLDER [--images N] [--no-kill]
using System.Globalization;
using OrleansSample;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["--silo", string name, string siloPort, string gatewayPort, string primaryPort])
{
    await Cluster.Serve(name, int.Parse(siloPort), int.Parse(gatewayPort), int.Parse(primaryPort));
    return 0;
}

string? folder = null;
bool kills = true;
int? images = null;
for (int i = 0; i < args.Length; i++)
{
    string next = i + 1 < args.Length ? args[i + 1] : "";
    switch (args[i])
    {
        case "--no-kill":
            kills = false;
            break;
        case "--images" when int.TryParse(next, out int count) && count is > 0 and <= 10_000_000:
            (images, i) = (count, i + 1);
            break;
        case "--calibrate" when next.Length > 0 && (!Directory.Exists(next) || !Directory.EnumerateFileSystemEntries(next).Any()):
            (folder, i) = (next, i + 1);
            break;
        default:
            Console.Error.WriteLine($"{args[i]}: usage: [--calibrate FOLDER] [--images N] [--no-kill], with a folder that is new or empty, and N from 1 to 10,000,000.");
            return 2;
    }
}

// The store that inference reads from repeats for ever; the file that calibration reads holds 200 images.
bool same = folder is null ? await new Runs(images ?? 5_000, kills).Infer() : await new Runs(Math.Min(images ?? 200, 200), kills).Calibrate(folder);
return same ? 0 : 3;
