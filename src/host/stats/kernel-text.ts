/** Numbers out of the text files of the kernel. What is not a plain number is absent. */

/** A file with one number; `undefined`: anything else, "max" among it. */
export function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : digitsAt(text, 0, text.endsWith("\n") ? text.length - 1 : text.length);
}

/**
 * The wanted values of lines "name value" (memory.stat) or "name: value kB" (meminfo; in KiB). Lines that are not like
 * this are passed over.
 */
export function numbersByName(text: string, wanted: ReadonlySet<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const gap = text.indexOf(" ", start);
    if (gap > start && gap < end) {
      const name = text.slice(start, text[gap - 1] === ":" ? gap - 1 : gap);
      if (wanted.has(name)) {
        const value = text[gap - 1] === ":" ? kibibytes(text.slice(gap, end)) : digitsAt(text, gap + 1, end);
        if (value !== undefined) found.set(name, value);
      }
    }
    start = end + 1;
  }
  return found;
}

/** Process ids, one a line; other lines are passed over. */
export function processIds(text: string): readonly number[] {
  return text.split("\n").flatMap((line) => {
    const pid = digitsAt(line, 0, line.length);
    return pid === undefined || pid === 0 ? [] : [pid];
  });
}

function kibibytes(text: string): number | undefined {
  const [, digits] = /^\s*(\d{1,15})(?: kB)?\s*$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** More digits than any counter of 64 bits has are garbage. */
const MOST_DIGITS = 20;

function digitsAt(text: string, start: number, end: number): number | undefined {
  if (end <= start || end - start > MOST_DIGITS) return undefined;
  let value = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
