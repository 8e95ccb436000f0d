/** Names and list indexes from the top: `["evictionHard", "memory.available"]`. */
export type Path = readonly (string | number)[];

/** `logging.vmodule[0].verbosity`, `evictionHard[memory.available]` (names with a dot go in brackets). */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number" || part.includes(".") || part === "") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}
