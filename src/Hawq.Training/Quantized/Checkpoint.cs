using System.Security.Cryptography;
using System.Text;
using Hawq.Model;
using Hawq.Training.Optimization;

namespace Hawq.Training.Quantized;

/// <summary>The state of a training on disk: parameters, optimizer, steps. Written whole or not at all; damage is noticed by a hash.</summary>
internal static class Checkpoint
{
    private const string Magic = "hawq-checkpoint/1";

    /// <summary>Writes the state.</summary>
    /// <param name="path">File.</param>
    /// <param name="key">What the state belongs to: network and settings.</param>
    /// <param name="network">Parameters.</param>
    /// <param name="optimizer">Its state.</param>
    public static void Write(string path, string key, TrainedNetwork network, Optimizer optimizer)
    {
        using MemoryStream stream = new();
        using (BinaryWriter writer = new(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(key);
            writer.Write(optimizer.Steps);
            foreach ((string name, float[] values) in network.Parameters)
            {
                writer.Write(name);
                Write(writer, values);
                float[][] states = optimizer.States.TryGetValue(name, out float[][]? state) ? state : [];
                writer.Write(states.Length);
                Array.ForEach(states, s => Write(writer, s));
            }
        }

        byte[] body = stream.ToArray();
        WholeFiles.Save(path, [.. body, .. SHA256.HashData(body)]);
    }

    /// <summary>Restores the state.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Checkpoint"/>: damaged, or of another network or other settings.</exception>
    public static void Read(string path, string key, TrainedNetwork network, Optimizer optimizer)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < 32 || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - 32)))
        {
            throw new HawqException(HawqIds.Checkpoint, "The checkpoint is damaged. Delete it and start again.", path);
        }

        try
        {
            Read(bytes, path, key, network, optimizer);
        }
        catch (Exception error) when (error is IOException or FormatException or DecoderFallbackException)
        {
            // The hash only tells damage from design: whoever makes a file can make its hash.
            throw new HawqException(HawqIds.Checkpoint, "The checkpoint is not what its first lines promise. Delete it and start again.", path, innerException: error);
        }
    }

    private static void Read(byte[] bytes, string path, string key, TrainedNetwork network, Optimizer optimizer)
    {
        using BinaryReader reader = new(new MemoryStream(bytes, 0, bytes.Length - 32), Encoding.UTF8);
        if (reader.ReadString() != Magic || reader.ReadString() != key)
        {
            throw new HawqException(HawqIds.Checkpoint, "The checkpoint belongs to another network, other data or other settings. Delete it, or name another file.", path);
        }

        optimizer.Steps = reader.ReadInt32();
        foreach ((string name, float[] values) in network.Parameters)
        {
            if (reader.ReadString() != name)
            {
                throw new HawqException(HawqIds.Checkpoint, $"The checkpoint does not hold '{name}' where it should. Delete it and start again.", path);
            }

            Read(reader, values, path);
            int count = reader.ReadInt32();
            float[][] states = count == 0 || count == optimizer.StateCount // none: a parameter that has not been updated
                ? new float[count][]
                : throw new HawqException(HawqIds.Checkpoint, $"The checkpoint holds {count} optimizer states of '{name}'. Delete it and start again.", path);
            for (int i = 0; i < states.Length; i++)
            {
                Read(reader, states[i] = new float[values.Length], path);
            }

            if (count > 0)
            {
                optimizer.States[name] = states;
            }
        }
    }

    private static void Write(BinaryWriter writer, float[] values)
    {
        writer.Write(values.Length);
        Array.ForEach(values, writer.Write);
    }

    private static void Read(BinaryReader reader, float[] values, string path)
    {
        if (reader.ReadInt32() != values.Length)
        {
            throw new HawqException(HawqIds.Checkpoint, "The checkpoint does not fit the network. Delete it and start again.", path);
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = reader.ReadSingle();
        }
    }
}
