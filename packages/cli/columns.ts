/** Rows of cells as lines of text, each column as wide as its widest cell; the first row is the heading. */
export function inColumns(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_title, column) => Math.max(...rows.map((row) => Array.from(row[column] ?? "").length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
