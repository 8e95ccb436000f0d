/** What containers write down for a test in a directory of the node. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The lines of a file there, the oldest first; none where it has not been written. */
export function linesIn(directory: string, name: string): readonly string[] {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}
