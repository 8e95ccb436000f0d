/**
 * Times of log lines with all their nanoseconds. Parsing and its error texts: Go's time.Parse (1.19), layout RFC3339Nano.
 */

/** A point in time as a log line gives it. */
export interface LogTime {
  /** Whole seconds since 1970, negative before. */
  readonly seconds: number;
  /** 0 to 999 999 999, later than `seconds`. */
  readonly nanoseconds: number;
  /** Minutes east of UTC that it was written in. */
  readonly offsetMinutes: number;
}

/** Why a text is no time, in Go's words. */
export interface LogTimeError {
  readonly error: string;
}

/** Go's zero time: what a line without a time has. */
export const ZERO_LOG_TIME: LogTime = { seconds: -62_135_596_800, nanoseconds: 0, offsetMinutes: 0 };

const SECONDS_LENGTH = "2006-01-02T15:04:05".length;

/** A clock's milliseconds since 1970 as a log time in UTC. */
export function logTimeOfMs(ms: number): LogTime {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanoseconds: Math.round((ms - seconds * 1000) * 1e6), offsetMinutes: 0 };
}

/** Whether `a` is the earlier point in time, whatever their zones. */
export function isBefore(a: LogTime, b: LogTime): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanoseconds < b.nanoseconds);
}

/** `2006-01-02T15:04:05.000000000Z`, in the time's own zone: always nine digits. */
export function formatLogTime({ seconds, nanoseconds, offsetMinutes }: LogTime): string {
  const local = new Date((seconds + offsetMinutes * 60) * 1000).toISOString().slice(0, SECONDS_LENGTH);
  return `${local}.${pad(nanoseconds, 9)}${zoneText(offsetMinutes)}`;
}

function zoneText(offsetMinutes: number): string {
  if (offsetMinutes === 0) return "Z";
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's civil calendar algorithms). */
export function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

/** Which texts are taken: at most nine digits of a second, or any number of them. */
export interface LogTimeLayout {
  readonly text: string;
  readonly maxFractionDigits: number;
}
/** Times of CRI lines (RFC3339Nano). */
export const CRI_TIME: LogTimeLayout = { text: "2006-01-02T15:04:05.999999999Z07:00", maxFractionDigits: 9 };
/** Times of Docker lines and of the API. */
export const RFC3339_TIME: LogTimeLayout = {
  text: "2006-01-02T15:04:05Z07:00",
  maxFractionDigits: Number.POSITIVE_INFINITY,
};

interface Field {
  readonly literal: string;
  readonly layout: string;
  readonly pattern: RegExp;
  readonly min: number;
  readonly max: number;
  readonly name: string;
}

const TWO_DIGITS = /^\d\d/;
const FIELDS: readonly Field[] = [
  { literal: "", layout: "2006", pattern: /^\d{4}/, min: 0, max: 9999, name: "year" },
  { literal: "-", layout: "01", pattern: TWO_DIGITS, min: 1, max: 12, name: "month" },
  { literal: "-", layout: "02", pattern: TWO_DIGITS, min: 0, max: 99, name: "day" },
  { literal: "T", layout: "15", pattern: /^\d\d?/, min: 0, max: 23, name: "hour" },
  { literal: ":", layout: "04", pattern: TWO_DIGITS, min: 0, max: 59, name: "minute" },
  { literal: ":", layout: "05", pattern: TWO_DIGITS, min: 0, max: 59, name: "second" },
];

/** Reads a whole text as a time. */
export function parseLogTime(text: string, layout: LogTimeLayout): LogTime | LogTimeError {
  const fail = (rest: string, part: string) => ({ error: cannotParse(text, layout, rest, part) });
  const outOfRange = (name: string) => ({ error: `parsing time ${timeQuote(text)}: ${name} out of range` });
  const values: number[] = [];
  let rest = text;
  for (const { literal, layout: part, pattern, min, max, name } of FIELDS) {
    if (!rest.startsWith(literal)) return fail(rest, literal);
    rest = rest.slice(literal.length);
    const digits = pattern.exec(rest)?.[0];
    if (digits === undefined) return fail(rest, part);
    const value = Number(digits);
    if (value < min || value > max) return outOfRange(name);
    values.push(value);
    rest = rest.slice(digits.length);
  }
  const fraction = /^[.,]\d+/.exec(rest)?.[0].slice(0, layout.maxFractionDigits + 1) ?? "";
  rest = rest.slice(fraction.length);
  const zone = /^(?:Z|[+-](\d\d):(\d\d))/.exec(rest);
  if (zone === null) return fail(rest, "Z07:00");
  rest = rest.slice(zone[0].length);
  if (rest !== "") return { error: `parsing time ${timeQuote(text)}: extra text: ${timeQuote(rest)}` };
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = values;
  if (day < 1 || day > daysIn(year, month)) return outOfRange("day");
  const offsetMinutes = (zone[0].startsWith("-") ? -1 : 1) * (Number(zone[1] ?? 0) * 60 + Number(zone[2] ?? 0));
  return {
    seconds: daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offsetMinutes * 60,
    nanoseconds: Number(fraction.slice(1, 10).padEnd(9, "0")),
    offsetMinutes: offsetMinutes === 0 ? 0 : offsetMinutes,
  };
}

/** Tells a text that is no time. */
export function isLogTimeError(time: LogTime | LogTimeError): time is LogTimeError {
  return "error" in time;
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

function cannotParse(text: string, { text: layout }: LogTimeLayout, rest: string, part: string): string {
  return `parsing time ${timeQuote(text)} as ${timeQuote(layout)}: cannot parse ${timeQuote(rest)} as ${timeQuote(part)}`;
}

/** Quotes as Go's time package: only backslash and quote get a backslash, other than printable ASCII goes byte by byte. */
export function timeQuote(text: string): string {
  const letters = [...text].map((letter) => {
    if (letter === '"' || letter === "\\") return `\\${letter}`;
    if (letter >= " " && letter < "\x80") return letter;
    return [...new TextEncoder().encode(letter)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `"${letters.join("")}"`;
}
