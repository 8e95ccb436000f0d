const encoder = new TextEncoder();

/** Bytes of the text in UTF-8, which is what Go's `len` counts. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
