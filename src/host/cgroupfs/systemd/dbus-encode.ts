import { alignmentOf, type BasicCode, type DbusType, parseSignature } from "./dbus-signature.ts";

/** A value with its own signature. */
export interface DbusVariant {
  readonly signature: string;
  readonly value: DbusValue;
}
export type DbusValue = string | number | bigint | boolean | DbusVariant | readonly DbusValue[];

/** Values in little endian as the D-Bus specification lays them out; arrays and structs are lists. */
export function encodeDbus(signature: string, values: readonly DbusValue[]): Buffer {
  const writer = new DbusWriter();
  parseSignature(signature).forEach((type, index) => {
    writer.write(type, values[index]);
  });
  return writer.bytes();
}

const sizes = { y: 1, b: 4, n: 2, q: 2, i: 4, u: 4, h: 4, x: 8, t: 8, d: 8 } as const;

class DbusWriter {
  #buffer = Buffer.alloc(256);
  #length = 0;

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  write(type: DbusType, value: DbusValue | undefined): void {
    this.#align(alignmentOf(type));
    if (type.is === "basic") this.#basic(type.code, value);
    else if (type.is === "variant") this.#variant(value);
    else if (!Array.isArray(value)) throw new TypeError(`a list is needed, not ${typeof value}`);
    else if (type.is === "array") this.#array(type.of, value);
    else for (const [index, field] of type.fields.entries()) this.write(field, value[index]);
  }

  #array(of: DbusType, values: readonly DbusValue[]): void {
    const lengthAt = this.#take(4);
    this.#align(alignmentOf(of));
    const start = this.#length; // the padding before the first element does not count
    for (const value of values) this.write(of, value);
    this.#buffer.writeUInt32LE(this.#length - start, lengthAt);
  }

  #variant(value: DbusValue | undefined): void {
    if (typeof value !== "object" || !("signature" in value)) throw new TypeError("a variant is needed");
    this.#basic("g", value.signature);
    for (const type of parseSignature(value.signature)) this.write(type, value.value);
  }

  #basic(code: BasicCode, value: DbusValue | undefined): void {
    if (code === "s" || code === "o" || code === "g") {
      this.#text(code, String(value));
      return;
    }
    const at = this.#take(sizes[code]);
    if (code === "t") this.#buffer.writeBigUInt64LE(integerOf(value), at);
    else if (code === "x") this.#buffer.writeBigInt64LE(integerOf(value), at);
    else if (code === "y") this.#buffer.writeUInt8(Number(value), at);
    else if (code === "n") this.#buffer.writeInt16LE(Number(value), at);
    else if (code === "q") this.#buffer.writeUInt16LE(Number(value), at);
    else if (code === "i") this.#buffer.writeInt32LE(Number(value), at);
    else if (code === "d") this.#buffer.writeDoubleLE(Number(value), at);
    else this.#buffer.writeUInt32LE(Number(value), at); // b is 1 or 0
  }

  #text(code: "s" | "o" | "g", text: string): void {
    const size = Buffer.byteLength(text);
    const lengthAt = this.#take(code === "g" ? 1 : 4);
    if (code === "g") this.#buffer.writeUInt8(size, lengthAt);
    else this.#buffer.writeUInt32LE(size, lengthAt);
    const at = this.#take(size + 1); // a zero byte ends it
    this.#buffer.write(text, at);
  }

  #align(boundary: number): void {
    this.#take((boundary - (this.#length % boundary)) % boundary);
  }

  /** Where `size` new zero bytes begin; the buffer may be another one afterwards. */
  #take(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}

function integerOf(value: DbusValue | undefined): bigint {
  if (typeof value === "bigint" || typeof value === "number") return BigInt(value);
  throw new TypeError(`a number is needed, not ${typeof value}`);
}
