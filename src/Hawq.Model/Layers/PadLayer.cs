namespace Hawq.Model;

/// <summary>
/// Surrounds a tensor with its zero point: rows, columns and channels. Codes do not change, so input and output share scale, zero
/// point and range.
/// </summary>
/// <param name="Name">Layer name.</param>
/// <param name="Input">Input tensor.</param>
/// <param name="Output">Output tensor.</param>
/// <param name="Padding">Rows and columns added.</param>
/// <param name="ChannelsBefore">Channels added before the first.</param>
/// <param name="ChannelsAfter">Channels added after the last.</param>
public sealed record PadLayer(string Name, string Input, string Output, Padding Padding, int ChannelsBefore, int ChannelsAfter) : Layer(Name, Output)
{
    /// <inheritdoc/>
    public override string Op => "pad";

    /// <inheritdoc/>
    public override EquatableArray<string> Inputs => EquatableArray.Of(Input);
}
