import { daysSince1970, type LogTime } from "./log-time.ts";

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const DOT = 0x2e;
/** Bytes of `2006-01-02T15:04:05`. */
const SECONDS_END = 19;

/**
 * The time in the first `end` bytes of a line, for the one shape that runtimes really write: UTC, `Z`, nothing out of
 * range. `undefined`: another shape, which `parseLogTime` must judge. It saves a text and a pattern per line.
 */
export function plainLogTime(line: Uint8Array, end: number): LogTime | undefined {
  if (line[end - 1] !== LETTER_Z || end < SECONDS_END + 1 || end > SECONDS_END + 11) return undefined;
  if (line[4] !== DASH || line[7] !== DASH || line[10] !== LETTER_T) return undefined;
  if (line[13] !== COLON || line[16] !== COLON) return undefined;
  const days = dateDays(digits(line, 0, 4), digits(line, 5, 7), digits(line, 8, 10));
  const hour = digits(line, 11, 13);
  const minute = digits(line, 14, 16);
  const second = digits(line, 17, SECONDS_END);
  const nanoseconds = fraction(line, end - 1);
  if (Number.isNaN(days + hour + minute + second + nanoseconds)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return { seconds: days * 86_400 + hour * 3600 + minute * 60 + second, nanoseconds, offsetMinutes: 0 };
}

/** Days since 1970; not a number for the last days of a month, which not every month has. */
function dateDays(year: number, month: number, day: number): number {
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= (month === 2 ? 28 : 30);
  return exists ? daysSince1970(year, month, day) : Number.NaN;
}

function fraction(line: Uint8Array, end: number): number {
  if (end === SECONDS_END) return 0;
  if (line[SECONDS_END] !== DOT || end === SECONDS_END + 1) return Number.NaN;
  return digits(line, SECONDS_END + 1, end) * 10 ** (9 - (end - SECONDS_END - 1));
}

function digits(line: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let position = start; position < end; position += 1) {
    const digit = (line[position] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
