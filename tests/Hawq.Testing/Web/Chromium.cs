using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hawq.Testing.Web;

/// <summary>
/// One page in a headless Chromium, driven through the Chrome DevTools Protocol: the few calls that the tests need, in place of a browser
/// driver whose package carries a Node.js for every platform.
/// </summary>
public sealed partial class Chromium : IAsyncDisposable
{
    private static readonly string[] s_programs = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process _process;
    private readonly DirectoryInfo _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly List<string> _problems = [];
    private readonly List<string> _requests = [];
    private int _lastCall;

    private Chromium(Process process, DirectoryInfo profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Where the browser is, or null.</summary>
    public static string? Program { get; } = (
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        from name in s_programs
        let path = Path.Combine(folder, name)
        where File.Exists(path)
        select path).FirstOrDefault();

    /// <summary>Errors and exceptions that the page wrote to its console, and requests that failed, up to the last call.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Addresses that the page asked for, up to the last call.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>Starts a browser with an empty page.</summary>
    public static async Task<Chromium> Start()
    {
        DirectoryInfo profile = Directory.CreateTempSubdirectory("hawq-chromium-");
        ProcessStartInfo start = new(
            Program!,
            ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", $"--user-data-dir={profile.FullName}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        Chromium browser = new(process, profile);
        string address = "";
        while (address.Length == 0)
        {
            string line = await process.StandardError.ReadLineAsync() ?? throw new InvalidOperationException("Chromium ended before it listened.");
            address = Listening().Match(line).Groups[1].Value;
        }

        // Nobody reads on: what the browser says later must not fill the pipe.
        _ = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.ReadToEndAsync();

        using HttpClient http = new();
        JsonArray targets = JsonNode.Parse(await http.GetStringAsync($"http://{address}/json"))!.AsArray();
        string page = (string)targets.First(target => (string)target!["type"]! == "page")!["webSocketDebuggerUrl"]!;
        await browser._socket.ConnectAsync(new Uri(page), CancellationToken.None);
        foreach (string domain in (string[])["Page", "Runtime", "Network", "Log"])
        {
            await browser.Call($"{domain}.enable");
        }

        return browser;
    }

    /// <summary>Opens an address.</summary>
    public Task Open(string address) => Call("Page.navigate", new JsonObject { ["url"] = address });

    /// <summary>Light or dark, as the system would say it.</summary>
    public Task PreferColorScheme(string scheme) => Call("Emulation.setEmulatedMedia", new JsonObject
    {
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }),
    });

    /// <summary>Presses and releases a key, for example <c>Tab</c>, <c>Enter</c>, <c>ArrowRight</c>.</summary>
    public async Task Press(string key)
    {
        int code = key switch { "Tab" => 9, "Enter" => 13, "Escape" => 27, " " => 32, "ArrowLeft" => 37, "ArrowUp" => 38, "ArrowRight" => 39, "ArrowDown" => 40, _ => 0 };
        foreach (string type in (string[])["keyDown", "keyUp"])
        {
            JsonObject arguments = new() { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code };
            if (type == "keyDown" && key == "Enter")
            {
                arguments["text"] = "\r";
            }

            await Call("Input.dispatchKeyEvent", arguments);
        }
    }

    /// <summary>Value of a JavaScript expression (of its promise, if it is one), as JSON; null for undefined.</summary>
    public async Task<JsonNode?> Evaluate(string expression)
    {
        JsonNode result = await Call("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        return result["exceptionDetails"] is JsonNode exception
            ? throw new InvalidOperationException($"{expression}: {exception["exception"]?["description"] ?? exception["text"]}")
            : result["result"]!["value"]?.DeepClone();
    }

    /// <summary>Waits until an expression is true, at most <paramref name="limit"/>.</summary>
    public async Task WaitFor(string expression, TimeSpan limit)
    {
        long started = Stopwatch.GetTimestamp();
        while ((await Evaluate($"Boolean({expression})"))?.GetValue<bool>() != true)
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"{expression} did not become true in {limit}. {string.Join(" ", _problems)}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Writes a picture of the page to the folder that HAWQ_SCREENSHOTS names; without that variable nobody wants to look.</summary>
    public async Task Screenshot(string name)
    {
        if (Environment.GetEnvironmentVariable("HAWQ_SCREENSHOTS") is { Length: > 0 } folder)
        {
            JsonNode picture = await Call("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = true });
            await File.WriteAllBytesAsync(Path.Combine(folder, $"{name}.png"), Convert.FromBase64String((string)picture["data"]!));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        try
        {
            _profile.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A helper process of the browser may still write; the folder is a temporary one.
        }
    }

    [GeneratedRegex("DevTools listening on ws://([^/]+)/")]
    private static partial Regex Listening();

    private async Task<JsonNode> Call(string method, JsonObject? arguments = null)
    {
        int id = ++_lastCall;
        JsonObject message = new() { ["id"] = id, ["method"] = method, ["params"] = arguments ?? [] };
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        while (true)
        {
            JsonNode answer = await Receive();
            if ((int?)answer["id"] == id)
            {
                return answer["result"] ?? throw new InvalidOperationException($"{method}: {answer["error"]}");
            }

            Note(answer);
        }
    }

    private async Task<JsonNode> Receive()
    {
        using MemoryStream message = new();
        byte[] part = new byte[1 << 16];
        WebSocketReceiveResult read;
        do
        {
            read = await _socket.ReceiveAsync(part, CancellationToken.None);
            message.Write(part, 0, read.Count);
        }
        while (!read.EndOfMessage);
        return JsonNode.Parse(message.ToArray())!;
    }

    // Events come between the answers.
    private void Note(JsonNode happened)
    {
        JsonNode arguments = happened["params"]!;
        switch ((string?)happened["method"])
        {
            case "Runtime.exceptionThrown":
                _problems.Add($"exception: {arguments["exceptionDetails"]!["exception"]?["description"] ?? arguments["exceptionDetails"]!["text"]}");
                break;
            case "Runtime.consoleAPICalled" when (string?)arguments["type"] == "error":
                _problems.Add($"console: {string.Join(" ", arguments["args"]!.AsArray().Select(argument => argument!["value"] ?? argument["description"]))}");
                break;
            case "Log.entryAdded" when (string?)arguments["entry"]!["level"] == "error":
                _problems.Add($"log: {arguments["entry"]!["text"]} {arguments["entry"]!["url"]}");
                break;
            case "Network.requestWillBeSent":
                _requests.Add((string)arguments["request"]!["url"]!);
                break;
        }
    }
}

/// <summary>A test in a browser; skipped with a message where there is none.</summary>
public sealed class ChromiumFactAttribute : Xunit.FactAttribute
{
    /// <summary>Marks the test.</summary>
    public ChromiumFactAttribute() => Skip = Chromium.Program is null ? "No Chromium on the path (Debian: apt-get install chromium)." : null!;
}
