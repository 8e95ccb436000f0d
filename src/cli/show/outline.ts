/** Indented "Key:  value" lines as `kubectl describe` prints them. */
export interface OutlineItem {
  readonly key: string;
  /** Several: the first beside the key, the others below it. Absent: only a heading. */
  readonly value?: string | readonly string[];
  readonly children?: readonly OutlineItem[];
  /** Lines below, as they are. */
  readonly block?: readonly string[];
}

const INDENT = "  ";

/** Values of items side by side stand in one column. Ends in a newline. */
export function outlineText(items: readonly OutlineItem[]): string {
  return `${outlineLines(items, "").join("\n")}\n`;
}

function outlineLines(items: readonly OutlineItem[], indent: string): readonly string[] {
  const width = Math.max(0, ...items.filter(({ value }) => value !== undefined).map(({ key }) => key.length + 1));
  return items.flatMap((item) => {
    const { key, value, children = [], block = [] } = item;
    const values = value === undefined ? [] : typeof value === "string" ? [value] : value;
    const [first = "", ...others] = values;
    const head = `${indent}${`${key}:`.padEnd(width)}${INDENT}${first}`.trimEnd();
    return [
      head,
      ...others.map((other) => `${indent}${" ".repeat(width)}${INDENT}${other}`),
      ...block.map((line) => `${indent}${INDENT}${line}`),
      ...outlineLines(children, indent + INDENT),
    ];
  });
}

/** A table inside an outline: heading, rule, rows; two spaces between. */
export function blockTable(heading: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [heading, heading.map((cell) => "-".repeat(cell.length)), ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(INDENT)
      .trimEnd(),
  );
}
