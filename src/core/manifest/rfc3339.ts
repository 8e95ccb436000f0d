const LAYOUT = "2006-01-02T15:04:05Z07:00";
const PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|([+-])(\d{2}):(\d{2}))$/;
const PREFIXES: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}/, "2006"],
  [/^-/, "-"],
  [/^\d{2}/, "01"],
  [/^-/, "-"],
  [/^\d{2}/, "02"],
  [/^T/, "T"],
  [/^\d{1,2}/, "15"],
  [/^:/, ":"],
  [/^\d{2}/, "04"],
  [/^:/, ":"],
  [/^\d{2}(?:[.,]\d+)?/, "05"],
  [/^(?:Z|[+-]\d{2}:\d{2})/, "Z07:00"],
];

/**
 * The API's form of an RFC 3339 time: UTC, whole seconds; "" stands for Go's zero time, which the API writes as null.
 * Source: meta/v1 Time.UnmarshalJSON and Go's time.Parse, its error texts included.
 */
export function normalTime(text: string): { readonly time: string } | { readonly error: string } {
  const parts = PATTERN.exec(text);
  if (parts === null) return { error: parseError(text) };
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const wrong = outOfRange(year, month, day, hour, minute, second);
  if (wrong !== undefined) return { error: `parsing time ${JSON.stringify(text)}: ${wrong} out of range` };
  const offset = (parts[9] === "-" ? -1 : 1) * (Number(parts[10] ?? 0) * 60 + Number(parts[11] ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second, 0);
  const iso = date.toISOString();
  return { time: iso.startsWith("0001-01-01T00:00:00") ? "" : `${iso.slice(0, 19)}Z` };
}

function outOfRange(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): string | undefined {
  if (month < 1 || month > 12) return "month";
  if (hour > 23) return "hour";
  if (minute > 59) return "minute";
  if (second > 59) return "second";
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 31;
  return day < 1 || day > days ? "day" : undefined;
}

function parseError(text: string): string {
  let rest = text;
  const quoted = JSON.stringify(text);
  for (const [prefix, element] of PREFIXES) {
    const match = prefix.exec(rest);
    if (match === null) {
      return `parsing time ${quoted} as "${LAYOUT}": cannot parse ${JSON.stringify(rest)} as "${element}"`;
    }
    rest = rest.slice(match[0].length);
  }
  return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
}
