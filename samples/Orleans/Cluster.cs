using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace OrleansSample;

/// <summary>Two silos, each a process of its own, and the client's connection to them. Everything listens on the loopback address only.</summary>
internal sealed class Cluster : IDisposable
{
    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10);
    private readonly Process[] _silos;
    private readonly int[] _gateways;

    private Cluster(Process[] silos, int[] gateways) => (_silos, _gateways) = (silos, gateways);

    /// <summary>Starts the silos: this program again, with <c>--silo</c>.</summary>
    public static async Task<Cluster> Start()
    {
        int[] ports = FreePorts(4);
        List<Process> silos = [];
        foreach (int i in new[] { 0, 1 })
        {
            // The first keeps the list of members; the second joins it.
            ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
            string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
            foreach (string argument in (string[])[.. program, "--silo", $"silo{i}", Text(ports[i]), Text(ports[2 + i]), Text(ports[0])])
            {
                start.ArgumentList.Add(argument);
            }

            Process silo = Process.Start(start)!;
            silos.Add(silo);
            if (await silo.StandardOutput.ReadLineAsync() != "ready")
            {
                new Cluster([.. silos], []).Dispose();
                throw new InvalidOperationException($"silo{i} did not start.");
            }
        }

        return new Cluster([.. silos], ports[2..]);
    }

    /// <summary>A connected client.</summary>
    public async Task<IHost> Connect()
    {
        IHost host = new HostBuilder()
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.None))
            .UseOrleansClient(client => client
                .UseLocalhostClustering(_gateways)
                .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = s_answer))
            .Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Ends a silo without warning (SIGKILL).</summary>
    public void Kill(int silo) => _silos[silo].Kill();

    /// <summary>Is a silo, until standard input ends: with the coordinator, whatever becomes of it.</summary>
    public static async Task Serve(string name, int siloPort, int gatewayPort, int primaryPort)
    {
        using IHost host = new HostBuilder()
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.None))
            .UseOrleans(silo => silo
                .UseLocalhostClustering(siloPort, gatewayPort, new IPEndPoint(IPAddress.Loopback, primaryPort))
                .Configure<SiloOptions>(options => options.SiloName = name))
            .Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Process silo in _silos)
        {
            silo.StandardInput.Close();
            if (!silo.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                silo.Kill();
            }

            silo.Dispose();
        }
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(listeners, listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        Array.ForEach(listeners, listener => listener.Stop());
        return ports;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
