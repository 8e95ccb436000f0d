import { decodeDbus } from "./dbus-decode.ts";
import { type DbusValue, type DbusVariant, encodeDbus } from "./dbus-encode.ts";

export interface DbusCall {
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DbusValue[];
}

/** A received message; header fields that it does not have are "". */
export interface DbusMessage {
  readonly type: "call" | "return" | "error" | "signal";
  readonly replySerial: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly errorName: string;
  readonly body: readonly DbusValue[];
}

const types = ["call", "return", "error", "signal"] as const;
const field = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 } as const;
const largestMessage = 16 * 1024 * 1024;
const fixedHeader = "yyyyuu";

/** A method call on the wire. */
export function encodeCall(serial: number, call: DbusCall): Buffer {
  const signature = call.signature ?? "";
  const body = encodeDbus(signature, call.body ?? []);
  const fields: [number, DbusVariant][] = [
    [field.path, { signature: "o", value: call.path }],
    [field.interface, { signature: "s", value: call.interface }],
    [field.member, { signature: "s", value: call.member }],
  ];
  if (call.destination !== undefined) fields.push([field.destination, { signature: "s", value: call.destination }]);
  if (signature !== "") fields.push([field.signature, { signature: "g", value: signature }]);
  const little = "l".charCodeAt(0);
  const header = encodeDbus(`${fixedHeader}a(yv)`, [little, 1, 0, 1, body.length, serial, fields]);
  return Buffer.concat([header, Buffer.alloc(padding(header.length)), body]);
}

/** The first message in `bytes` and its length; `undefined`: it has not all arrived. Throws for what is no message. */
export function decodeMessage(bytes: Buffer): { readonly message: DbusMessage; readonly length: number } | undefined {
  if (bytes.length < 16) return undefined;
  const little = bytes[0] === "l".charCodeAt(0);
  const bodyLength = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const fieldsLength = little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  const headerLength = 16 + fieldsLength + padding(16 + fieldsLength);
  const length = headerLength + bodyLength;
  if (length > largestMessage) throw new RangeError(`a D-Bus message of ${length} bytes`);
  if (bytes.length < length) return undefined;
  const [, type, , , , , fields] = decodeDbus(`${fixedHeader}a(yv)`, bytes.subarray(0, 16 + fieldsLength), little);
  const header = new Map(Array.isArray(fields) ? fields.map(headerField) : []);
  const text = (code: number): string => String(header.get(code) ?? "");
  const signature = text(field.signature);
  const message: DbusMessage = {
    type: types[Number(type) - 1] ?? "signal",
    replySerial: Number(header.get(field.replySerial) ?? 0),
    path: text(field.path),
    interface: text(field.interface),
    member: text(field.member),
    errorName: text(field.errorName),
    body: decodeDbus(signature, bytes.subarray(headerLength, length), little),
  };
  return { message, length };
}

function headerField(entry: DbusValue): readonly [number, DbusValue] {
  const [code, variant] = Array.isArray(entry) ? entry : [];
  return [Number(code), typeof variant === "object" && "value" in variant ? variant.value : ""];
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}
