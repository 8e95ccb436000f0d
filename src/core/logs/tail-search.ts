/** Finds where the last lines of a file begin without reading all of it: kubelet util/tail FindTailLineStartIndex. */

/** A search from the end of a file backwards. */
export interface TailSearch {
  /** Where to begin reading; `undefined`: not known yet, read the block that ends at `blockEnd` (exclusive) and step. */
  readonly start: number | undefined;
  readonly blockEnd: number;
  readonly newlinesLeft: number;
}

const NEWLINE = 0x0a;

/** `tailLines` absent: from the beginning. A last line without a newline does not count. */
export function startTailSearch(sizeBytes: number, tailLines: number | undefined): TailSearch {
  const start = tailLines === undefined || tailLines < 0 || sizeBytes === 0 ? 0 : undefined;
  return { start, blockEnd: sizeBytes, newlinesLeft: (tailLines ?? 0) + 1 };
}

/** `block`: bytes of the file up to `search.blockEnd`, as many as one likes but at least one. */
export function tailSearchStep(search: TailSearch, block: Uint8Array): TailSearch {
  const blockStart = search.blockEnd - block.length;
  let { newlinesLeft } = search;
  for (let at = block.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)) {
    newlinesLeft -= 1;
    if (newlinesLeft === 0) return { start: blockStart + at + 1, blockEnd: blockStart, newlinesLeft };
  }
  return { start: blockStart <= 0 ? 0 : undefined, blockEnd: blockStart, newlinesLeft };
}
