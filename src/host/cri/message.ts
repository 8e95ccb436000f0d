/**
 * Protobuf messages as TypeScript values: `message<T>({ field: kind(number), ... })` ties each property of `T` to its
 * field number, and the compiler checks that none is missing and that each has the right kind. No generated code, no
 * reflection: CRI is some sixty small messages.
 */
import { BYTES, VARINT, WireReader, WireWriter } from "./wire-format.ts";

/** One field. `write` is called for present values only; `read` gets what earlier occurrences gave. */
export interface Field<T> {
  readonly id: number;
  /** Value of an absent field; `undefined` leaves the property out. */
  readonly absent: () => T | undefined;
  readonly isDefault: (value: T) => boolean;
  readonly write: (writer: WireWriter, id: number, value: T) => void;
  readonly read: (reader: WireReader, wireType: number, earlier: T | undefined) => T;
}

/** A field whose absence is the absence of the property. */
export interface OptionalField<T> extends Field<T> {
  readonly optional: true;
}

type FieldOf<T, K extends keyof T> =
  Record<never, never> extends Pick<T, K> ? OptionalField<NonNullable<T[K]>> : Field<T[K]>;
type Fields<T> = { readonly [K in keyof T]-?: FieldOf<T, K> };

export interface MessageType<T> {
  write(writer: WireWriter, value: T): void;
  read(reader: WireReader): T;
}

export function encode<T>(type: MessageType<T>, value: T): Uint8Array {
  const writer = new WireWriter();
  type.write(writer, value);
  return writer.finish();
}

export function decode<T>(type: MessageType<T>, bytes: Uint8Array): T {
  return type.read(new WireReader(bytes));
}

// The one place where property names meet their types only by the declaration of `message`.
type AnyField = Field<unknown>;

/** `T` must have no other properties than those named in `fields`; further ones would be dropped. */
export function message<T>(fields: Fields<T>): MessageType<T> {
  const entries = Object.entries(fields) as [string, AnyField][];
  const byId = new Map(entries.map((entry) => [entry[1].id, entry]));
  if (byId.size !== entries.length) throw new Error("two fields share a number");
  return {
    write(writer, value) {
      const source = value as Record<string, unknown>;
      for (const [name, field] of entries) {
        const present = source[name];
        if (present !== undefined && !field.isDefault(present)) field.write(writer, field.id, present);
      }
    },
    read(reader) {
      const result: Record<string, unknown> = {};
      while (!reader.done) {
        const tag = reader.uint32();
        const entry = byId.get(tag >>> 3);
        if (entry === undefined) {
          reader.skip(tag & 7);
          continue;
        }
        const value = entry[1].read(reader, tag & 7, result[entry[0]]);
        if (value !== undefined) result[entry[0]] = value;
      }
      for (const [name, field] of entries) {
        if (name in result) continue;
        const value = field.absent();
        if (value !== undefined) result[name] = value;
      }
      return result as T;
    },
  };
}

function scalar<T>(
  id: number,
  zero: T,
  wireType: number,
  write: (writer: WireWriter, value: T) => void,
  read: (reader: WireReader) => T,
): Field<T> {
  return {
    id,
    absent: () => zero,
    isDefault: (value) => value === zero,
    write(writer, field, value) {
      writer.tag(field, wireType);
      write(writer, value);
    },
    read,
  };
}

export function string(id: number): Field<string> {
  return scalar(
    id,
    "",
    BYTES,
    (writer, value) => writer.string(value),
    (reader) => reader.string(),
  );
}

export function bool(id: number): Field<boolean> {
  return scalar(
    id,
    false,
    VARINT,
    (writer) => writer.uint32(1),
    (reader) => reader.uint32() !== 0,
  );
}

export function int32(id: number): Field<number> {
  return scalar(
    id,
    0,
    VARINT,
    (writer, value) => writer.int64(value),
    (reader) => reader.int32(),
  );
}

export function uint32(id: number): Field<number> {
  return scalar(
    id,
    0,
    VARINT,
    (writer, value) => writer.uint32(value),
    (reader) => reader.uint32(),
  );
}

export function int64(id: number): Field<number> {
  return scalar(
    id,
    0,
    VARINT,
    (writer, value) => writer.int64(value),
    (reader) => reader.int64(),
  );
}

export function uint64(id: number): Field<number> {
  return scalar(
    id,
    0,
    VARINT,
    (writer, value) => writer.int64(value),
    (reader) => reader.uint64(),
  );
}

/** An int64 of nanoseconds on the wire, milliseconds here. */
export function nanos(id: number): Field<number> {
  return scalar(
    id,
    0,
    VARINT,
    (writer, value) => writer.int64(Math.round(value * 1e6)),
    (reader) => reader.int64() / 1e6,
  );
}

export function bytes(id: number): Field<Uint8Array> {
  return {
    id,
    absent: () => new Uint8Array(0),
    isDefault: (value) => value.length === 0,
    write(writer, field, value) {
      writer.tag(field, BYTES);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(),
  };
}

/** Names in the order of their numbers from 0; a number that is not among them reads as `unknown`, or else as the first. */
export function enumeration<T extends string>(id: number, names: readonly [T, ...T[]], unknown?: T): Field<T> {
  return scalar<T>(
    id,
    names[0],
    VARINT,
    (writer, value) => writer.uint32(names.indexOf(value)),
    (reader) => names[reader.uint32()] ?? unknown ?? names[0],
  );
}

/** A nested message that is always there here: absent on the wire reads as one of defaults. */
export function nested<T>(id: number, type: MessageType<T>): Field<T> {
  return {
    id,
    absent: () => type.read(new WireReader(new Uint8Array(0))),
    isDefault: () => false,
    write(writer, field, value) {
      writer.tag(field, BYTES);
      writer.nested((inner) => type.write(inner, value));
    },
    read: (reader) => readNested(reader, type),
  };
}

function readNested<T>(reader: WireReader, type: MessageType<T>): T {
  let result: T | undefined;
  reader.nested((inner) => {
    result = type.read(inner);
  });
  return result as T;
}

/** The property is left out when the field is absent, and, for plain values, when it has the zero value. */
export function optional<T>(field: Field<T>): OptionalField<T> {
  return { ...field, absent: () => undefined, optional: true };
}

/** Property left out when the wrapper message (Int64Value, UInt64Value, a state value) is absent; zero is a value. */
export function wrapped<T>(id: number, inner: Field<T>): OptionalField<T> {
  const type = message<{ value: T }>({ value: inner } as Fields<{ value: T }>);
  const outer = nested(id, type);
  return {
    id,
    optional: true,
    absent: () => undefined,
    isDefault: () => false,
    write: (writer, field, value) => outer.write(writer, field, { value }),
    read: (reader, wireType) => outer.read(reader, wireType, undefined).value,
  };
}

/** As `wrapped`, for a property that is always there: without the wrapper message it has the value of an absent `inner`. */
export function flattened<T>(id: number, inner: Field<T>): Field<T> {
  const { optional: _, ...outer } = wrapped(id, inner);
  return { ...outer, absent: inner.absent };
}

export function int64Value(id: number): OptionalField<number> {
  return wrapped(id, int64(1));
}

export function uint64Value(id: number): OptionalField<number> {
  return wrapped(id, uint64(1));
}

/** Strings and messages, one tag each; numbers packed, read in either form. */
export function repeated<T>(item: Field<T>, packing?: "packed"): Field<readonly T[]> {
  return {
    id: item.id,
    absent: () => [],
    isDefault: (value) => value.length === 0,
    write(writer, field, values) {
      if (packing === undefined) {
        for (const value of values) item.write(writer, field, value);
        return;
      }
      writer.tag(field, BYTES);
      writer.nested((inner) => {
        for (const value of values) inner.int64(Number(value));
      });
    },
    read(reader, wireType, earlier) {
      const list = (earlier ?? []) as T[];
      if (packing === undefined || wireType !== BYTES) {
        list.push(item.read(reader, wireType, undefined));
        return list;
      }
      reader.nested((inner) => {
        while (!inner.done) list.push(item.read(inner, VARINT, undefined));
      });
      return list;
    },
  };
}

const mapEntry = message<{ key: string; value: string }>({ key: string(1), value: string(2) });

export function stringMap(id: number): Field<Readonly<Record<string, string>>> {
  const entry = nested(id, mapEntry);
  return {
    id,
    absent: () => ({}),
    isDefault: (value) => Object.keys(value).length === 0,
    write(writer, field, map) {
      for (const [key, value] of Object.entries(map)) entry.write(writer, field, { key, value });
    },
    read(reader, wireType, earlier) {
      const map = (earlier ?? {}) as Record<string, string>;
      const { key, value } = entry.read(reader, wireType, undefined);
      map[key] = value;
      return map;
    },
  };
}
