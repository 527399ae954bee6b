using System.Net;
using System.Net.Sockets;

namespace Hawq.Samples.Tests;

/// <summary>Serves the files of a folder on the loopback interface.</summary>
internal sealed class FileServer : IDisposable
{
    private static readonly Dictionary<string, string> s_types = new()
    {
        [".html"] = "text/html", [".js"] = "text/javascript", [".css"] = "text/css", [".wasm"] = "application/wasm", [".json"] = "application/json",
    };

    private readonly HttpListener _listener = new();
    private readonly string _folder;

    public FileServer(string folder)
    {
        _folder = folder;
        Address = $"http://127.0.0.1:{FreePort()}/";
        _listener.Prefixes.Add(Address);
        _listener.Start();
        _ = Serve();
    }

    /// <summary>Address of the folder, with a slash at the end.</summary>
    public string Address { get; }

    public void Dispose() => _listener.Close();

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task Serve()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is ObjectDisposedException or HttpListenerException)
            {
                return;
            }

            string path = Path.Combine(_folder, context.Request.Url!.AbsolutePath.TrimStart('/'));
            using HttpListenerResponse response = context.Response;
            if (File.Exists(path))
            {
                response.ContentType = s_types.GetValueOrDefault(Path.GetExtension(path), "application/octet-stream");
                await response.OutputStream.WriteAsync(await File.ReadAllBytesAsync(path));
            }
            else
            {
                response.StatusCode = 404;
            }
        }
    }
}
