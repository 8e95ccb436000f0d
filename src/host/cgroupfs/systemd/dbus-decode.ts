import type { DbusValue } from "./dbus-encode.ts";
import { alignmentOf, type DbusType, parseSignature } from "./dbus-signature.ts";

/** Values of a message part. 64-bit numbers are bigint; throws for bytes that do not hold what the signature says. */
export function decodeDbus(signature: string, bytes: Buffer, littleEndian: boolean): readonly DbusValue[] {
  const reader = new DbusReader(bytes, littleEndian);
  return parseSignature(signature).map((type) => reader.read(type));
}

class DbusReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #little: boolean;
  #at = 0;

  constructor(bytes: Buffer, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = littleEndian;
  }

  read(type: DbusType): DbusValue {
    this.#align(alignmentOf(type));
    if (type.is === "basic") return this.#basic(type.code);
    if (type.is === "struct") return type.fields.map((field) => this.read(field));
    if (type.is === "array") return this.#array(type.of);
    const signature = this.#text(1);
    const [inner] = parseSignature(signature);
    if (inner === undefined) throw new Error("a variant without a type");
    return { signature, value: this.read(inner) };
  }

  #array(of: DbusType): readonly DbusValue[] {
    const length = this.#view.getUint32(this.#take(4), this.#little);
    this.#align(alignmentOf(of));
    const end = this.#at + length;
    const values: DbusValue[] = [];
    while (this.#at < end) values.push(this.read(of));
    return values;
  }

  #basic(code: string): DbusValue {
    const little = this.#little;
    if (code === "s" || code === "o") return this.#text(4);
    if (code === "g") return this.#text(1);
    if (code === "b") return this.#view.getUint32(this.#take(4), little) !== 0;
    if (code === "y") return this.#view.getUint8(this.#take(1));
    if (code === "n") return this.#view.getInt16(this.#take(2), little);
    if (code === "q") return this.#view.getUint16(this.#take(2), little);
    if (code === "i") return this.#view.getInt32(this.#take(4), little);
    if (code === "x") return this.#view.getBigInt64(this.#take(8), little);
    if (code === "t") return this.#view.getBigUint64(this.#take(8), little);
    if (code === "d") return this.#view.getFloat64(this.#take(8), little);
    return this.#view.getUint32(this.#take(4), little);
  }

  #text(lengthBytes: 1 | 4): string {
    const at = this.#take(lengthBytes);
    const size = lengthBytes === 1 ? this.#view.getUint8(at) : this.#view.getUint32(at, this.#little);
    const start = this.#take(size + 1);
    return this.#bytes.toString("utf8", start, start + size);
  }

  #align(boundary: number): void {
    this.#take((boundary - (this.#at % boundary)) % boundary);
  }

  #take(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new RangeError("the message ends too early");
    return at;
  }
}
