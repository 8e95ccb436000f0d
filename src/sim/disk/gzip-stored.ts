const STORED_MAX = 0xffff;

/** `bytes` in a gzip file (RFC 1952) of stored blocks: any reader understands it, nothing is made smaller. */
export function gzipStored(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / STORED_MAX));
  const out = new Uint8Array(10 + bytes.length + 5 * blocks + 8);
  out.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  let at = 10;
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * STORED_MAX, (block + 1) * STORED_MAX);
    out[at] = block === blocks - 1 ? 1 : 0;
    littleEndian(out, at + 1, part.length, 2);
    littleEndian(out, at + 3, ~part.length, 2);
    out.set(part, at + 5);
    at += 5 + part.length;
  }
  littleEndian(out, at, crc32(bytes), 4);
  littleEndian(out, at + 4, bytes.length, 4);
  return out;
}

function littleEndian(out: Uint8Array, at: number, value: number, length: number): void {
  for (let n = 0; n < length; n++) out[at + n] = (value >>> (8 * n)) & 0xff;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
