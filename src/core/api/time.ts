/** Times of the Kubernetes API: RFC 3339, UTC, whole seconds. */

const DAY_SECONDS = 86_400;
/** Remembered: nearly all times that are written in a row are of one day. */
let lastDay = { number: Number.NaN, text: "" };

export function formatTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const day = Math.floor(seconds / DAY_SECONDS);
  if (day !== lastDay.number) {
    lastDay = { number: day, text: new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, -"00:00:00.000Z".length) };
  }
  const second = seconds - day * DAY_SECONDS;
  return `${lastDay.text}${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}Z`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Milliseconds since 1970; `undefined` for absent or unreadable text. */
export function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
