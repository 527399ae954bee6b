using System.Globalization;
using Spectre.Console;

namespace Hawq.Cli.Frame;

/// <summary>The look of every table.</summary>
internal static class Tables
{
    /// <summary>A borderless table with an underlined header; the named columns are left-aligned.</summary>
    public static Table Create(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        return table;
    }

    /// <summary>A column of words.</summary>
    public static TableColumn Left(string header) => new TableColumn(header).NoWrap();

    /// <summary>A column of numbers.</summary>
    public static TableColumn Right(string header) => new TableColumn(header).RightAligned().NoWrap();

    /// <summary>A whole number with thin groups: 12 345.</summary>
    public static string Count(long value) => value.ToString("#,0", s_groups);

    /// <summary>The same, with nothing for zero.</summary>
    public static string CountOrNothing(long value) => value == 0 ? "" : Count(value);

    private static readonly NumberFormatInfo s_groups = new() { NumberGroupSeparator = " " };
}
