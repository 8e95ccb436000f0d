/** The kernel's files of pressure stall information: /proc/pressure/RESOURCE, and RESOURCE.pressure of a cgroup. */

/** Shares of time in percent, as averages over the last 10, 60 and 300 s. */
export interface PressureLine {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalUs: number;
}

/** `some`: at least one task waited; `full`: all did, absent where the kernel does not tell it. */
export interface Pressure {
  readonly some: PressureLine;
  readonly full?: PressureLine;
}

const LINE = /^(some|full) avg10=(\d+\.\d+) avg60=(\d+\.\d+) avg300=(\d+\.\d+) total=(\d+)$/;

/** `undefined`: not such a file's text. */
export function parsePressure(text: string): Pressure | undefined {
  const lines = new Map<string, PressureLine>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const found = LINE.exec(line);
    if (found === null) return undefined;
    const [, kind = "", avg10, avg60, avg300, totalUs] = found;
    const figures = { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), totalUs: Number(totalUs) };
    lines.set(kind, figures);
  }
  const [some, full] = [lines.get("some"), lines.get("full")];
  return some === undefined ? undefined : { some, ...(full === undefined ? {} : { full }) };
}
