import { Buffer } from "node:buffer";

/** Compressed flag and length. */
const HEADER_BYTES = 5;
/** As the kubelet's maxMsgSize. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A message as it lies on a gRPC stream. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEADER_BYTES);
  return framed;
}

/** Puts messages together from the chunks of a stream; throws RangeError for one that is compressed or too large. */
export class FrameReader {
  readonly #onMessage: (message: Uint8Array) => void;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= HEADER_BYTES) {
      const size = this.#messageSize();
      if (this.#length < HEADER_BYTES + size) return;
      const bytes = this.#join();
      this.#onMessage(bytes.subarray(HEADER_BYTES, HEADER_BYTES + size));
      this.#chunks = [bytes.subarray(HEADER_BYTES + size)];
      this.#length = bytes.length - HEADER_BYTES - size;
    }
  }

  #messageSize(): number {
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= HEADER_BYTES ? first : this.#join();
    if (head[0] !== 0) throw new RangeError("compressed message");
    const size = head.readUInt32BE(1);
    if (size > MAX_MESSAGE_BYTES)
      throw new RangeError(`message of ${size} bytes, at most ${MAX_MESSAGE_BYTES} are taken`);
    return size;
  }

  #join(): Buffer {
    const first = this.#chunks[0];
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const joined = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [joined];
    return joined;
  }
}
