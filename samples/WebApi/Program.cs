// Classifies uploaded images over HTTP: POST an image to /classify.
using System.Buffers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using WebApi;

// appsettings.json lies beside the program, wherever it is started from.
WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddOptions<ApiLimits>().BindConfiguration("Limits").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks().AddCheck<NetworkHealthCheck>("network");
builder.Services.AddSingleton(services =>
{
    ApiLimits limits = services.GetRequiredService<IOptions<ApiLimits>>().Value;
    return new Pool<Resnet20Cifar10>(limits.Concurrency, limits.Queue, () => new Resnet20Cifar10());
});
builder.WebHost.ConfigureKestrel((context, kestrel) =>
{
    ApiLimits limits = context.Configuration.GetSection("Limits").Get<ApiLimits>() ?? new ApiLimits();
    kestrel.Limits.MaxRequestBodySize = limits.UploadBytes;
    kestrel.Limits.MaxConcurrentConnections = limits.Connections;
});

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapHealthChecks("/health");
app.MapPost("/classify", Classify);
app.Run();

static async Task<Results<Ok<Classification>, ProblemHttpResult>> Classify(
    HttpRequest request, Pool<Resnet20Cifar10> pool, IOptions<ApiLimits> options, CancellationToken cancellation)
{
    ApiLimits limits = options.Value;
    if (request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
    {
        return TypedResults.Problem(
            "Send the image file itself as the body (curl --data-binary @photo.jpg), not a form.", statusCode: StatusCodes.Status415UnsupportedMediaType, title: "A form, not an image");
    }

    // Room for one byte too many, which the server answers with 413.
    byte[] upload = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength ?? limits.UploadBytes, limits.UploadBytes) + 1);
    try
    {
        // The whole upload first: a slow client holds a buffer, not a network.
        int length = await request.Body.ReadAtLeastAsync(upload, upload.Length, throwOnEndOfStream: false, cancellation);
        using Pool<Resnet20Cifar10>.Lease? lease = await pool.Rent(cancellation);
        if (lease is null)
        {
            request.HttpContext.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem("Too many images wait already. Send it again in a moment.", statusCode: StatusCodes.Status503ServiceUnavailable, title: "Busy");
        }

        return TypedResults.Ok(Infer(lease.Value, upload.AsSpan(0, length), limits.ImagePixels));
    }
    catch (ImageException bad)
    {
        (int status, string title) = bad.Problem switch
        {
            ImageProblem.NotAnImage => (StatusCodes.Status415UnsupportedMediaType, "Not an image"),
            ImageProblem.TooLarge => (StatusCodes.Status413PayloadTooLarge, "Image too large"),
            _ => (StatusCodes.Status400BadRequest, "Damaged image"),
        };
        return TypedResults.Problem(bad.Message, statusCode: status, title: title);
    }
    catch (BadHttpRequestException bad) when (bad.StatusCode == StatusCodes.Status413PayloadTooLarge)
    {
        return TypedResults.Problem($"At most {limits.UploadBytes} bytes are accepted. Send a smaller file.", statusCode: bad.StatusCode, title: "Upload too large");
    }
    finally
    {
        ArrayPool<byte>.Shared.Return(upload);
    }
}

static Classification Infer(Resnet20Cifar10 network, ReadOnlySpan<byte> file, int maxPixels)
{
    byte[] pixels = new byte[Resnet20Cifar10.InputLength];
    int[] logits = new int[Resnet20Cifar10.OutputLength];
    ImageDecoder.Decode(file, maxPixels, pixels);
    network.Infer(pixels, logits);
    int best = logits.AsSpan().IndexOf(logits.Max());
    return new Classification(Resnet20Cifar10.Labels[best], best, logits, Resnet20Cifar10.OutputScale);
}

namespace WebApi
{
    /// <summary>The answer to an image.</summary>
    /// <param name="Label">Name of the class.</param>
    /// <param name="Class">Its index.</param>
    /// <param name="Logits">One integer per class, the same on every machine.</param>
    /// <param name="Scale">Real value of one step of a logit.</param>
    internal sealed record Classification(string Label, int Class, int[] Logits, float Scale);
}
