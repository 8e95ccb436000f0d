/** Rules about files that neither the compiler nor the linter holds; each returns what breaks it. */

export const ROOMS = ["core", "ports", "host", "agent", "server", "sim", "cli"] as const;

const CATCH_ALLS = /^(utils?|helpers?|common|misc|shared|lib|types-?helpers?)$/;

/** Names that say nothing about what is inside; `paths` relative to the repository. */
export function namesThatSayNothing(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => path.split("/").some((part) => CATCH_ALLS.test(part.replace(/(\.test)?\.tsx?$/, ""))));
}

const MOST_LINES = 400;

export function overlongFiles(files: ReadonlyMap<string, string>): readonly string[] {
  const lengths = [...files].map(([path, text]) => [path, text.split("\n").length - 1] as const);
  return lengths.filter(([, lines]) => lines > MOST_LINES).map(([path, lines]) => `${path}: ${lines} lines`);
}

/** A room's index.ts opens with a comment of 3 to 8 lines: what it owns, what it refuses. */
export function openingProblem(indexText: string | undefined): string | undefined {
  if (indexText === undefined) return "there is no index.ts";
  const comment = /^\/\*\*\n((?: \* .*\n)+) \*\/\n/.exec(indexText)?.[1];
  if (comment === undefined) return "index.ts does not open with a comment";
  const lines = comment.trimEnd().split("\n").length;
  if (lines < 3 || lines > 8) return `the comment has ${lines} lines`;
  const missing = ["Owns", "Refuses"].filter((word) => !new RegExp(`\\b${word}\\b`, "i").test(comment));
  return missing.length === 0 ? undefined : `the comment lacks "${missing.join('" and "')}"`;
}
