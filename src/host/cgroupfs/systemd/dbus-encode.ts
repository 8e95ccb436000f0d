import { alignmentOf, type DbusType, parseSignature } from "./dbus-signature.ts";

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

  #basic(code: string, value: DbusValue | undefined): void {
    const number = Number(value);
    if (code === "s" || code === "o" || code === "g") this.#text(code, String(value));
    else if (code === "b") this.#buffer.writeUInt32LE(value === true ? 1 : 0, this.#take(4));
    else if (code === "t") this.#buffer.writeBigUInt64LE(integerOf(value), this.#take(8));
    else if (code === "x") this.#buffer.writeBigInt64LE(integerOf(value), this.#take(8));
    else if (code === "y") this.#buffer.writeUInt8(number, this.#take(1));
    else if (code === "n") this.#buffer.writeInt16LE(number, this.#take(2));
    else if (code === "q") this.#buffer.writeUInt16LE(number, this.#take(2));
    else if (code === "i") this.#buffer.writeInt32LE(number, this.#take(4));
    else if (code === "d") this.#buffer.writeDoubleLE(number, this.#take(8));
    else this.#buffer.writeUInt32LE(number, this.#take(4));
  }

  #text(code: string, text: string): void {
    const size = Buffer.byteLength(text);
    if (code === "g") this.#buffer.writeUInt8(size, this.#take(1));
    else this.#buffer.writeUInt32LE(size, this.#take(4));
    this.#buffer.write(text, this.#take(size + 1));
  }

  #align(boundary: number): void {
    this.#take((boundary - (this.#length % boundary)) % boundary);
  }

  /** Where `size` new zero bytes begin. */
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
