/**
 * Frames of SPDY/3.1, the protocol of exec, attach and port-forward streams in Kubernetes and in every CRI runtime.
 * Only what a client of those needs; header blocks of the server are not read.
 */
import { constants, deflateRawSync, deflateSync } from "node:zlib";

const VERSION_3 = 0x8003;
const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FLAG_FIN = 1;
const HEAD_BYTES = 8;
const MAX_FRAME_BYTES = 0xffffff;

export type SpdyFrame =
  | { readonly kind: "data"; readonly streamId: number; readonly data: Buffer; readonly isLast: boolean }
  | { readonly kind: "reply"; readonly streamId: number; readonly isLast: boolean }
  | { readonly kind: "reset"; readonly streamId: number }
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "goaway" }
  /** Of no use to us: settings, windows, headers. */
  | { readonly kind: "other" };

/** Opens streams of one connection: the header blocks of all of them are one compressed stream. */
export class SpdyHeaderWriter {
  #isFirst = true;

  synStream(streamId: number, headers: Readonly<Record<string, string>>): Buffer {
    const block = this.#compressed(headerBlock(headers));
    const body = Buffer.alloc(10);
    body.writeUInt32BE(streamId, 0);
    return controlFrame(SYN_STREAM, Buffer.concat([body, block]));
  }

  /**
   * Blocks that end in a flush and refer to nothing before them can follow each other in one stream; the first carries
   * the stream's head. The dictionary of SPDY is left out: readers need it only where a stream asks for it.
   */
  #compressed(block: Buffer): Buffer {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    const bytes = this.#isFirst ? deflateSync(block, options) : deflateRawSync(block, options);
    this.#isFirst = false;
    return bytes;
  }
}

export function dataFrame(streamId: number, data: Uint8Array, isLast: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt32BE(data.length, 4);
  head.writeUInt8(isLast ? FLAG_FIN : 0, 4);
  return Buffer.concat([head, data]);
}

export function pingFrame(id: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(id, 0);
  return controlFrame(PING, body);
}

/** `data` cut so that each piece fits a frame. */
export function framesOf(streamId: number, data: Uint8Array): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < data.length; start += MAX_FRAME_BYTES) {
    frames.push(dataFrame(streamId, data.subarray(start, start + MAX_FRAME_BYTES), false));
  }
  return frames;
}

function controlFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(VERSION_3, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flatMap(([name, value]) => [name.toLowerCase(), value]);
  const parts = texts.map((text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([uint32(bytes.length), bytes]);
  });
  return Buffer.concat([uint32(entries.length), ...parts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

/** Cuts what comes in into frames. */
export class SpdyFrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole by now, in order. */
  feed(chunk: Buffer): readonly SpdyFrame[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: SpdyFrame[] = [];
    while (bytes.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + bytes.readUIntBE(5, 3);
      if (bytes.length < end) break;
      frames.push(parseFrame(bytes.subarray(0, end)));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }
}

function parseFrame(bytes: Buffer): SpdyFrame {
  const isLast = (bytes.readUInt8(4) & FLAG_FIN) !== 0;
  const body = bytes.subarray(HEAD_BYTES);
  if ((bytes.readUInt8(0) & 0x80) === 0) {
    return { kind: "data", streamId: bytes.readUInt32BE(0), data: body, isLast };
  }
  const number = body.length >= 4 ? body.readUInt32BE(0) : 0;
  switch (bytes.readUInt16BE(2)) {
    case SYN_REPLY:
      return { kind: "reply", streamId: number & 0x7fffffff, isLast };
    case RST_STREAM:
      return { kind: "reset", streamId: number & 0x7fffffff };
    case PING:
      return { kind: "ping", id: number };
    case GOAWAY:
      return { kind: "goaway" };
    default:
      return { kind: "other" };
  }
}
