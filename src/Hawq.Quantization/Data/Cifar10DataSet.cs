using Hawq.Model;
using Microsoft.Win32.SafeHandles;

namespace Hawq.Quantization.Data;

/// <summary>
/// The official binary layout of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): per image a label byte (0..9), then
/// 1,024 bytes each of red, green and blue, row by row.
/// </summary>
public sealed class Cifar10DataSet : ImageDataSet
{
    private const int Plane = 32 * 32;
    private const int Record = 1 + (3 * Plane);

    private readonly SafeFileHandle _file;
    private readonly int[] _labels;
    private readonly bool _bgr;

    /// <summary>Opens a file.</summary>
    /// <exception cref="HawqException"><see cref="HawqIds.Data"/>: empty, truncated, a label above 9, or a network input that is not
    /// 32 x 32 x 3.</exception>
    public Cifar10DataSet(string path, Shape shape, Preprocess preprocess)
        : base(Path.GetFileName(path), shape, preprocess)
    {
        if (shape != new Shape(32, 32, 3))
        {
            throw new HawqException(HawqIds.Data, $"CIFAR-10 images are 32x32x3, and the network's input is {shape}. Use a folder of images.", path);
        }

        _bgr = preprocess.ChannelOrder == "BGR";
        _file = DataFiles.Open(path);
        try
        {
            long length = RandomAccess.GetLength(_file);
            if (length == 0 || length % Record != 0)
            {
                throw new HawqException(
                    HawqIds.Data,
                    length == 0 ? "The file is empty." : $"The file is not whole CIFAR-10 records: {length} bytes is no multiple of {Record}. Is it truncated?",
                    path);
            }

            _labels = length / Record <= DataLimits.Inputs
                ? new int[length / Record]
                : throw new HawqException(HawqIds.Data, $"The file holds {length / Record} images; at most {DataLimits.Inputs} are read. Split it.", path);
            byte[] label = new byte[1];
            for (int i = 0; i < _labels.Length; i++)
            {
                DataFiles.ReadExactly(_file, label, (long)i * Record, path);
                _labels[i] = label[0] <= 9
                    ? label[0]
                    : throw new HawqException(HawqIds.Data, $"Image {i} has the label {label[0]}; CIFAR-10 labels are 0 to 9.", path);
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels => _labels;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <inheritdoc/>
    public override void ReadPixels(int index, Span<byte> pixels)
    {
        byte[] planes = new byte[3 * Plane];
        DataFiles.ReadExactly(_file, planes, ((long)index * Record) + 1, Name);
        for (int c = 0; c < 3; c++)
        {
            ReadOnlySpan<byte> plane = planes.AsSpan((_bgr ? 2 - c : c) * Plane, Plane);
            for (int i = 0; i < Plane; i++)
            {
                pixels[(i * 3) + c] = plane[i];
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _file.Dispose();
        base.Dispose();
    }
}
