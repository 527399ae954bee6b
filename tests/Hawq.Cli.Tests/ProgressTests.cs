using Hawq.Cli.Frame;
using Xunit;

namespace Hawq.Cli.Tests;

public sealed class ProgressTests
{
    [Fact]
    public void A_log_gets_findings_at_once_and_the_time_left_every_ten_seconds()
    {
        List<string> lines = [];
        Clock clock = new();
        LineProgress progress = new(lines.Add, text => lines.Add("warning: " + text), clock);

        progress.Begin("analyze", 20);
        for (int step = 1; step <= 4; step++)
        {
            clock.Now += TimeSpan.FromSeconds(4);
            progress.Step(step, $"layer{step}");
        }

        progress.Tell("layer4: 8/8 0.1");
        progress.Warn("few inputs");
        clock.Now += TimeSpan.FromSeconds(64);
        progress.Step(20);

        Assert.Equal(["analyze (20) ...", "analyze 3/20, about 68 s left: layer3", "  layer4: 8/8 0.1", "warning: few inputs", "analyze 20/20"], lines);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
