import { Buffer } from "node:buffer";

/** How a field lies on the wire; the low three bits of its tag. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

const TWO_32 = 0x1_0000_0000;

/** Appends protobuf primitives to a buffer that grows as needed. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  tag(field: number, wireType: number): void {
    this.uint32(((field << 3) | wireType) >>> 0);
  }

  uint32(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Whole numbers only; negative ones take the ten bytes of their 64-bit two's complement, as int32 and int64 do. */
  int64(value: number): void {
    if (value >= 0 && value < TWO_32) {
      this.uint32(value);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
    this.#reserve(10);
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** What `write` appends, preceded by its length. */
  nested(write: (writer: WireWriter) => void): void {
    const start = this.#length;
    write(this);
    const size = this.#length - start;
    const prefix = varintSize(size);
    this.#reserve(prefix);
    this.#bytes.copyWithin(start + prefix, start, this.#length);
    this.#length = start;
    this.uint32(size);
    this.#length = start + prefix + size;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Thrown for bytes that are no protobuf message; the channel reports it as a failed call. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/** Reads protobuf primitives from `bytes` between `at` and `end`. */
export class WireReader {
  readonly #bytes: Buffer;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.length;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** A varint cut to 32 bits, as tags, bools, enums and 32-bit numbers are. */
  uint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#next();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedMessage("varint longer than ten bytes");
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** A signed 64-bit number as a double: exact up to 2^53, the nearest double beyond. */
  int64(): number {
    const [low, high] = this.#halves();
    return (high | 0) * TWO_32 + low;
  }

  uint64(): number {
    const [low, high] = this.#halves();
    return high * TWO_32 + low;
  }

  string(): string {
    const from = this.#take();
    return this.#bytes.toString("utf8", from, this.#at);
  }

  /** A copy, so that the message it came in can be freed. */
  bytes(): Uint8Array {
    const from = this.#take();
    return new Uint8Array(this.#bytes.subarray(from, this.#at));
  }

  /** Runs `read` over the length-delimited value that comes next. */
  nested(read: (reader: WireReader) => void): void {
    const from = this.#take();
    const after = this.#at;
    const outerEnd = this.#end;
    this.#at = from;
    this.#end = after;
    read(this);
    this.#at = after;
    this.#end = outerEnd;
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.#halves();
    else if (wireType === FIXED64) this.#advance(8);
    else if (wireType === BYTES) this.#take();
    else if (wireType === FIXED32) this.#advance(4);
    else throw new MalformedMessage(`wire type ${wireType}`);
  }

  #halves(): readonly [low: number, high: number] {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.#next();
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (index * 7);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (index * 7 - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw new MalformedMessage("varint longer than ten bytes");
  }

  #next(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new MalformedMessage("message ends inside a number");
    this.#at++;
    return byte;
  }

  /** Steps over a length-delimited value and returns where it begins. */
  #take(): number {
    const length = this.uint32();
    const from = this.#at;
    this.#advance(length);
    return from;
  }

  #advance(count: number): void {
    if (this.#at + count > this.#end) throw new MalformedMessage("message ends inside a value");
    this.#at += count;
  }
}
