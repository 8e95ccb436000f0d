export type InitramfsEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly data: Buffer; readonly executable?: boolean };

const trailer = "TRAILER!!!";

/** Packs entries into an uncompressed "newc" cpio archive, in the order given: a folder must come before what is in it. */
export function packInitramfs(entries: readonly InitramfsEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    if (entry.kind === "folder") parts.push(...record(index + 1, entry.path, 0o40755, Buffer.alloc(0)));
    else parts.push(...record(index + 1, entry.path, entry.executable ? 0o100755 : 0o100644, entry.data));
  });
  parts.push(...record(entries.length + 1, trailer, 0, Buffer.alloc(0)));
  return Buffer.concat(parts);
}

function record(inode: number, path: string, mode: number, data: Buffer): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [padded(Buffer.concat([header, name])), padded(data)];
}

function padded(data: Buffer): Buffer {
  const rest = data.length % 4;
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(4 - rest)]);
}
