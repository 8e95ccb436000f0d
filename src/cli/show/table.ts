/** Columns as kubectl prints them: three spaces between, nothing after the last. */
export type Row = readonly string[];

const GAP = 3;

/** Each line with its newline. Widths grow with what was printed before, so that a watch stays aligned. */
export class Table {
  #widths: readonly number[] = [];

  lines(rows: readonly Row[]): string {
    for (const row of rows) {
      this.#widths = row.map((cell, column) => Math.max(this.#widths[column] ?? 0, displayWidth(cell)));
    }
    return rows.map((row) => this.#line(row)).join("");
  }

  #line(row: Row): string {
    const cells = row.map((cell, column) => {
      if (column === row.length - 1) return cell;
      return cell + " ".repeat((this.#widths[column] ?? 0) - displayWidth(cell) + GAP);
    });
    return `${cells.join("").trimEnd()}\n`;
  }
}

/** Code points: wide letters are rare in names. */
function displayWidth(text: string): number {
  return [...text].length;
}
