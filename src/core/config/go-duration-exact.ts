/**
 * Go durations to the nanosecond and with Go's own error texts (Go time.ParseDuration, time.Duration.String), for settings
 * whose errors are shown to users. Beside it `go-duration.ts` is the short way to a plain number.
 */
import { formatGoDuration } from "./go-duration.ts";

/** A signed 64-bit number of nanoseconds, or the text of Go's error. */
export type GoDuration = { readonly nanoseconds: bigint } | { readonly error: string };

const UNIT_NANOSECONDS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const LIMIT = 1n << 63n;
/** A number, its fraction and what stands before the next one, in which case it is the unit. */
const PART = /^(\d*)(?:(\.)(\d*))?([^.\d]*)/;

export function parseGoDurationExact(text: string): GoDuration {
  const invalid = { error: `time: invalid duration ${quote(text)}` };
  const isNegative = text.startsWith("-");
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return { nanoseconds: 0n };
  if (rest === "") return invalid;
  let total = 0n;
  while (rest !== "") {
    const [all = "", whole = "", , fraction = "", unitName = ""] = PART.exec(rest) ?? [];
    if (whole === "" && fraction === "") return invalid;
    if (BigInt(whole || "0") > LIMIT) return invalid;
    if (unitName === "") return { error: `time: missing unit in duration ${quote(text)}` };
    const unit = UNIT_NANOSECONDS.get(unitName);
    if (unit === undefined) return { error: `time: unknown unit ${quote(unitName)} in duration ${quote(text)}` };
    const ofWhole = BigInt(whole || "0") * unit;
    total += ofWhole + fractionNanoseconds(fraction, unit);
    if (ofWhole > LIMIT || total > LIMIT) return invalid;
    rest = rest.slice(all.length);
  }
  if (isNegative) return { nanoseconds: -total };
  return total < LIMIT ? { nanoseconds: total } : invalid;
}

/** In double precision, as Go does: digits beyond 64 bits do not count. */
function fractionNanoseconds(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** The text Go prints, exact for every duration. */
export function formatGoDurationExact(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const second = 1_000_000_000n;
  if (size < 60n * second) return formatGoDuration(Number(nanoseconds));
  const minutes = size / (60n * second);
  const seconds = formatGoDuration(Number(size % (60n * second)) || 0);
  const short = size % (60n * second) < second ? subSecond(size % (60n * second)) : seconds;
  const hours = minutes / 60n;
  return `${nanoseconds < 0n ? "-" : ""}${hours > 0n ? `${hours}h` : ""}${minutes % 60n}m${short}`;
}

/** Behind minutes Go writes a part of a second in seconds: "1m0.5s". */
function subSecond(nanoseconds: bigint): string {
  const fraction = nanoseconds.toString().padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? "0s" : `0.${fraction}s`;
}

/** The quoting of Go's package time: bytes outside of ASCII and control characters as `\x..`. */
function quote(text: string): string {
  const escaped = [...text].map((character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (character >= " " && character < "\u0080") return character;
    return [...new TextEncoder().encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `"${escaped.join("")}"`;
}
