/**
 * Go durations ("1m30s", "100ms", "-1.5h") as the kubelet's configuration writes them (Go time.ParseDuration and
 * time.Duration.String). Held in nanoseconds; beyond 104 days the last nanoseconds are rounded.
 */
const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const maxNanoseconds = 2 ** 63;

/** Nanoseconds of a Go duration text; `undefined` when it is none (a bare number other than "0" has no unit). */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0;
  if (rest === "") return undefined;
  let total = 0;
  while (rest !== "") {
    const part = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    const number = part?.[1];
    const unit = unitNanoseconds[part?.[2] ?? ""];
    if (part === null || number === undefined || unit === undefined) return undefined;
    total += Number(number) * unit;
    rest = rest.slice(part[0].length);
  }
  const nanoseconds = Math.trunc(Number(total.toPrecision(17)));
  return nanoseconds >= maxNanoseconds ? undefined : sign * nanoseconds + 0;
}

/** The text Go prints for a duration: "0s", "1.5s", "1m0s", "250ms". */
export function formatGoDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  const size = Math.abs(nanoseconds);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${decimal(size, 1e3)}µs`;
  if (size < 1e9) return `${sign}${decimal(size, 1e6)}ms`;
  const hours = Math.floor(size / 3600e9);
  const minutes = Math.floor((size % 3600e9) / 60e9);
  const seconds = `${decimal(size % 60e9, 1e9)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(size: number, unit: number): string {
  const digits = String(unit).length - 1;
  const fraction = String(Math.floor(size % unit))
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const whole = Math.floor(size / unit);
  return fraction === "" ? String(whole) : `${whole}.${fraction}`;
}
