using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hawq.Testing;
using SkiaSharp;
using Xunit;

namespace Hawq.Samples.Tests;

/// <summary>samples/WebApi over HTTP.</summary>
public sealed class WebApiTests
{
    private const int Images = 7;
    private const int Clients = 8;
    private const int RequestsPerClient = 30;

    [Fact]
    public async Task Every_good_image_gets_the_logits_of_the_reference_and_every_bad_one_its_problem()
    {
        using RunningProgram service = SamplePrograms.Start("WebApi", "--urls", "http://127.0.0.1:0", "--Limits:UploadBytes", "100000", "--Limits:ImagePixels", "2000");
        using HttpClient client = new() { BaseAddress = await Address(service) };
        Upload[] uploads = [.. Good(), .. Bad()];

        Assert.Equal("Healthy", await client.GetStringAsync("/health"));
        List<string>[] wrong = await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            // Good and bad alternate, in another order for every client.
            List<string> found = [];
            for (int i = 0; i < RequestsPerClient; i++)
            {
                found.AddRange(await Differences(client, uploads[((number * 7) + (i * 3)) % uploads.Length]));
            }

            return found;
        })));

        Assert.Empty(wrong.SelectMany(found => found));
        Assert.Equal("Healthy", await client.GetStringAsync("/health"));
        Assert.DoesNotMatch("fail:|crit:|Unhandled", service.Output);
    }

    [Fact]
    public async Task Too_many_images_at_once_are_told_to_come_back_and_then_served()
    {
        using RunningProgram service = SamplePrograms.Start("WebApi", "--urls", "http://127.0.0.1:0", "--Limits:Concurrency", "1", "--Limits:Queue", "1");
        using HttpClient client = new() { BaseAddress = await Address(service) };
        byte[] image = SampleImages.Encode(0, SKEncodedImageFormat.Png);
        int[] expected = SampleImages.Logits(0);

        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.PostAsync("/classify", new ByteArrayContent(image))));

        Assert.Contains(answers, answer => answer.IsSuccessStatusCode);
        foreach (HttpResponseMessage answer in answers)
        {
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
                Assert.Equal("Busy", (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["title"]!);
            }
            else
            {
                Assert.Equal(expected, await Logits(answer));
            }
        }

        Assert.Equal(expected, await Logits(await client.PostAsync("/classify", new ByteArrayContent(image))));
    }

    [Fact]
    public async Task Limits_that_make_no_sense_stop_the_service_at_its_start()
    {
        using RunningProgram service = SamplePrograms.Start("WebApi", "--urls", "http://127.0.0.1:0", "--Limits:Concurrency", "0");

        await service.Says("Concurrency must be between 1 and 1024");
        Assert.NotEqual(0, await service.Ends());
    }

    [Fact]
    public async Task The_environment_chooses_the_address_and_a_form_is_told_what_to_be()
    {
        using RunningProgram service = SamplePrograms.Start("WebApi", new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" });
        Uri address = await Address(service);
        using HttpClient client = new() { BaseAddress = address };
        using MultipartFormDataContent form = new() { { new ByteArrayContent(SampleImages.Encode(0, SKEncodedImageFormat.Png)), "image", "photo.png" } };

        using HttpResponseMessage answer = await client.PostAsync("/classify", form);

        Assert.Equal("127.0.0.1", address.Host);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Contains("--data-binary", (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["detail"]!, StringComparison.Ordinal);
    }

    private static async Task<Uri> Address(RunningProgram service) => new((await service.Says(@"Now listening on: (http://\S+)")).Groups[1].Value);

    private static IEnumerable<Upload> Good()
    {
        for (int i = 0; i < Images; i++)
        {
            SKEncodedImageFormat format = i % 2 == 0 ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Webp;
            yield return new Upload($"image {i}", SampleImages.Encode(i, format), 200, "", SampleImages.Logits(i));
        }
    }

    private static IEnumerable<Upload> Bad()
    {
        byte[] png = SampleImages.Encode(1, SKEncodedImageFormat.Png);
        byte[] damaged = [.. png];
        damaged.AsSpan(png.Length / 2, 200).Fill(0xAA);

        // A bitmap whose header promises 30,000 x 30,000 pixels: 3.6 GB if it were decoded.
        byte[] huge = new byte[1000];
        "BM"u8.CopyTo(huge);
        (huge[10], huge[14], huge[26], huge[28]) = (54, 40, 1, 24);
        BitConverter.TryWriteBytes(huge.AsSpan(18), 30_000);
        BitConverter.TryWriteBytes(huge.AsSpan(22), 30_000);
        return
        [
            new("empty", [], 415, "Not an image", []),
            new("text", "no image"u8.ToArray(), 415, "Not an image", []),
            new("signature only", png[..8], 415, "Not an image", []),
            new("cut off", png[..(png.Length / 2)], 400, "Damaged image", []),
            new("damaged", damaged, 400, "Damaged image", []),
            new("huge when decoded", huge, 413, "Image too large", []),
            new("huge", new byte[100_001], 413, "Upload too large", []),
        ];
    }

    private static async Task<IEnumerable<string>> Differences(HttpClient client, Upload upload)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/classify") { Content = new ByteArrayContent(upload.Bytes) };
        request.Headers.ExpectContinue = upload.Title == "Upload too large"; // else the refusal may meet a client that is still sending
        using HttpResponseMessage answer = await client.SendAsync(request);
        string actual = (int)answer.StatusCode == 200
            ? string.Join(' ', await Logits(answer))
            : $"{answer.Content.Headers.ContentType!.MediaType} {(string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["title"]}";
        string expected = upload.Status == 200 ? string.Join(' ', upload.Logits) : $"application/problem+json {upload.Title}";
        return (int)answer.StatusCode == upload.Status && actual == expected ? [] : [$"{upload.Name}: {(int)answer.StatusCode} {actual}, expected {upload.Status} {expected}"];
    }

    private static async Task<int[]> Logits(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. (await answer.Content.ReadFromJsonAsync<JsonObject>())!["logits"]!.AsArray().Select(logit => (int)logit!)];
    }

    /// <summary>An upload and its answer.</summary>
    private sealed record Upload(string Name, byte[] Bytes, int Status, string Title, int[] Logits);
}
