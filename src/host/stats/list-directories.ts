import { readdirSync } from "node:fs";

/** Names of the directories in a directory of the kernel's; empty when it is not there. */
export function listDirectories(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
