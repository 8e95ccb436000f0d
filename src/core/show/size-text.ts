const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Decimal units with three digits, as crictl and docker print sizes. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}
