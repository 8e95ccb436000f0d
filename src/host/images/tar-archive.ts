import { Buffer } from "node:buffer";

/** One member of an archive; `path` without a leading slash. Owner is root unless named. */
export interface TarEntry {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  /** For files. */
  readonly content?: Uint8Array;
  /** For symbolic links. */
  readonly target?: string;
}

const BLOCK = 512;
const KIND_FLAG = { file: "0", symlink: "2", directory: "5" } as const;

/** A ustar archive in the order given; the same entries give the same bytes (all times are 1970). */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const content = entry.content ?? new Uint8Array(0);
    parts.push(header(entry, content.length), content, new Uint8Array(padding(content.length)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const path = entry.kind === "directory" && !entry.path.endsWith("/") ? `${entry.path}/` : entry.path;
  const { prefix, name } = splitPath(path);
  text(block, 0, 100, name);
  octal(block, 100, 8, entry.mode);
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, entry.gid ?? 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.fill(" ", 148, 156);
  block.write(KIND_FLAG[entry.kind], 156);
  text(block, 157, 100, entry.target ?? "");
  block.write("ustar\x0000", 257, "latin1");
  text(block, 345, 155, prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** ustar keeps 100 bytes of name, and 155 of directories before it. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: "", name: path };
  for (let cut = path.indexOf("/"); cut > 0; cut = path.indexOf("/", cut + 1)) {
    const prefix = path.slice(0, cut);
    const name = path.slice(cut + 1);
    if (name !== "" && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { prefix, name };
  }
  throw new RangeError(`path too long for a ustar archive: ${path}`);
}

function text(block: Buffer, offset: number, width: number, value: string): void {
  if (Buffer.byteLength(value) > width) throw new RangeError(`too long for a ustar archive: ${value}`);
  block.write(value, offset);
}

function octal(block: Buffer, offset: number, width: number, value: number): void {
  const digits = value.toString(8).padStart(width - 1, "0");
  if (digits.length >= width) throw new RangeError(`number too large for a ustar archive: ${value}`);
  block.write(digits, offset, "latin1");
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}
