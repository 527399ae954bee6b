using System.Text.RegularExpressions;
using Hawq.Onnx.Import;
using Hawq.Onnx.Operators;
using Hawq.Testing;
using Xunit;

namespace Hawq.Onnx.Tests;

public sealed class SupportPageTests
{
    [Fact]
    public void The_support_page_names_every_operator_that_the_importer_knows()
    {
        string page = File.ReadAllText(Path.Combine(Checkout.Root, "src", "docs", "onnx-support.md"));
        IEnumerable<string> names = OperatorRegistry.Names.Concat(QOperatorExpansion.Names.Select(name => name.Split('.')[^1]));
        Assert.All(names, name => Assert.True(Regex.IsMatch(page, $@"\b{name}\b"), $"{name} is missing from onnx-support.md"));
    }
}
