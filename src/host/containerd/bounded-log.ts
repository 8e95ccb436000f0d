import { copyFileSync, statSync, truncateSync } from "node:fs";

/**
 * Keeps a log file that another process appends to below `maxBytes`: its content moves to `path.1` and the file starts
 * anew in place. A line written between the copy and the cut is lost, which a debug log can bear.
 */
export function boundLog(path: string, maxBytes: number): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return false;
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
  return true;
}
