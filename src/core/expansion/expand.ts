/**
 * `$(NAME)` references in commands, arguments, environment values and subPathExpr. Syntax: third_party/forked/golang/expansion
 * of Kubernetes: `$$` is a plain `$`, a reference without its end and a `$` before anything else stay as they are, and what
 * a reference gave is not expanded again.
 * Differs: a `$` before a letter outside ASCII keeps that letter whole (the kubelet breaks its first byte).
 */

/** Text for a reference's name. */
export type Lookup = (name: string) => string;

/** `text` with every reference replaced by what `lookup` gives for its name. */
export function expand(text: string, lookup: Lookup): string {
  let expanded = "";
  let position = 0;
  while (position < text.length) {
    const dollar = text.indexOf("$", position);
    if (dollar < 0 || dollar === text.length - 1) break;
    const { output, next } = readReference(text, dollar, lookup);
    expanded += text.slice(position, dollar) + output;
    position = next;
  }
  return expanded + text.slice(position);
}

function readReference(
  text: string,
  dollar: number,
  lookup: Lookup,
): { readonly output: string; readonly next: number } {
  const after = text.charAt(dollar + 1);
  if (after === "$") return { output: "$", next: dollar + 2 };
  const end = after === "(" ? text.indexOf(")", dollar + 2) : -1;
  if (end < 0) return { output: `$${after}`, next: dollar + 2 };
  return { output: lookup(text.slice(dollar + 2, end)), next: end + 1 };
}

/** The value in the first of `maps` that has the name, else the reference itself. */
export function lookupIn(...maps: readonly ReadonlyMap<string, string>[]): Lookup {
  return (name) => maps.find((map) => map.has(name))?.get(name) ?? `$(${name})`;
}

/** What a runtime takes in one message, and more than a kernel takes for a program with its environment (6 MiB). */
export const MAX_EXPANDED_CHARACTERS = 16 * 1024 * 1024;

/**
 * `lookup` for texts that are to have at most so many characters from it in all: further ones are "", and `isSpent` tells
 * of them. Few variables that refer to one another several times each would else fill the memory.
 */
export function boundedLookup(
  lookup: Lookup,
  maxCharacters = MAX_EXPANDED_CHARACTERS,
): { readonly lookup: Lookup; readonly isSpent: () => boolean } {
  let left = maxCharacters;
  return {
    lookup: (name) => {
      const text = lookup(name);
      left -= text.length;
      return left < 0 ? "" : text;
    },
    isSpent: () => left < 0,
  };
}
