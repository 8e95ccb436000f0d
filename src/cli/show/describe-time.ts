import { parseTime } from "../../core/api/time.ts";

/** "Sat, 21 Nov 2026 10:01:45 +0000"; "" where there is no time. */
export function longTime(time: string | undefined | null): string {
  const ms = parseTime(time ?? undefined);
  return ms === undefined ? "" : `${new Date(ms).toUTCString().replace(/ GMT$/, "")} +0000`;
}
