using Hawq.Model;

namespace Hawq.Planning;

/// <summary>
/// Places buffers by liveness: largest first, each at the lowest aligned offset that no buffer alive at the same time occupies. Greedy by size is
/// within a few percent of the lower bound on convolutional networks (TensorFlow Lite uses the same rule); the plan states both numbers.
/// </summary>
internal static class ArenaAllocator
{
    /// <summary>Alignment of buffers: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    /// <summary>A buffer to place.</summary>
    internal sealed record Request(string Name, int Bytes, int FirstStep, int LastStep);

    /// <summary>Places all requests; <paramref name="slack"/> bytes behind the last one may be read (never written).</summary>
    public static ArenaPlan Place(IReadOnlyList<Request> requests, int steps, int slack)
    {
        ArenaBuffer[] placed = new ArenaBuffer[requests.Count];
        List<ArenaBuffer> done = [];
        foreach (int index in Enumerable.Range(0, requests.Count).OrderByDescending(i => requests[i].Bytes).ThenBy(i => requests[i].FirstStep).ThenBy(i => i))
        {
            Request request = requests[index];
            int offset = LowestGap(request, done);
            placed[index] = new ArenaBuffer(request.Name, offset, request.Bytes, request.FirstStep, request.LastStep);
            done.Add(placed[index]);
        }

        int end = placed.Length == 0 ? 0 : placed.Max(b => checked(b.Offset + Align(b.Bytes)));
        int lowerBound = Enumerable.Range(0, steps)
            .Select(step => requests.Where(r => r.FirstStep <= step && step <= r.LastStep).Sum(r => Align(r.Bytes)))
            .DefaultIfEmpty(0).Max();
        return new ArenaPlan(checked(end + Align(slack)), lowerBound, placed);
    }

    /// <summary>Rounds up to <see cref="Alignment"/>.</summary>
    public static int Align(int bytes) => checked(bytes + Alignment - 1) & ~(Alignment - 1);

    private static int LowestGap(Request request, List<ArenaBuffer> done)
    {
        int offset = 0;
        foreach (ArenaBuffer other in done.Where(b => b.FirstStep <= request.LastStep && request.FirstStep <= b.LastStep).OrderBy(b => b.Offset))
        {
            if (checked(offset + request.Bytes) <= other.Offset)
            {
                break;
            }

            offset = Math.Max(offset, checked(other.Offset + Align(other.Bytes)));
        }

        return offset;
    }
}
