namespace Hawq.Fuzz.Mutations;

/// <summary>Changes a few bytes without knowing what they mean.</summary>
internal static class ByteMutator
{
    /// <summary>Flips, replaces, removes, repeats, copies or cuts off bytes, with a liking for the values that break size arithmetic.</summary>
    public static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (int i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = random.Next(4) switch { 0 => 0, 1 => 0x7f, 2 => 0x80, _ => 0xff };
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 6:
                    byte[] number = BitConverter.GetBytes(Numbers.Any(random))[..(1 << random.Next(4))];
                    for (int k = 0; k < number.Length && at + k < bytes.Count; k++)
                    {
                        bytes[at + k] = number[k];
                    }

                    break;
                default:
                    int from = random.Next(bytes.Count);
                    byte[] copy = [.. bytes.GetRange(from, Math.Min(random.Next(1, 17), bytes.Count - Math.Max(at, from)))];
                    for (int k = 0; k < copy.Length; k++)
                    {
                        bytes[at + k] = copy[k];
                    }

                    break;
            }
        }

        return [.. bytes];
    }
}
