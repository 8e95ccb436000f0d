/**
 * The words of a configuration table: what a field holds, its default, whether its feature is built. A table is an
 * object `{ fieldName: Field }`; `Values<typeof table>` is the type of a configuration with every default filled.
 */

/** Plain JSON, as read from a file. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export type FieldType =
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly name: string }
  | { readonly kind: "number" }
  | { readonly kind: "string" }
  /** `strict`: anything but `values` is refused here; else the validation has its own text for it. */
  | { readonly kind: "enum"; readonly values: readonly string[]; readonly strict: boolean }
  /** A Go duration text; `numbers`: a number of nanoseconds is taken too. */
  | { readonly kind: "duration"; readonly numbers: boolean }
  /** A Kubernetes quantity; `numbers`: a bare number is taken too. */
  | { readonly kind: "quantity"; readonly numbers: boolean }
  | { readonly kind: "list"; readonly items: FieldType }
  | { readonly kind: "map"; readonly values: FieldType }
  | { readonly kind: "object"; readonly fields: Fields };

/**
 * `used`: honoured. `accepted`: known, without effect by design (`why`). `notYet`: the feature is not built yet; a
 * value that asks for it is reported at start, never silently ignored.
 */
export type FieldState =
  | { readonly state: "used" }
  | { readonly state: "accepted"; readonly why: string }
  | { readonly state: "notYet"; readonly feature: string; readonly hint: string };

export interface Field<T> {
  readonly type: FieldType;
  /** In JSON form; absent: the field stays unset. */
  readonly default?: Json;
  /** An explicit zero value ("", 0, 0s) is a value; else it means "unset", as for the kubelet's non-pointer fields. */
  readonly keepsZero: boolean;
  /** The Kubernetes release that brought it; "1.26" stands for it and earlier ones. */
  readonly since: string;
  readonly state: FieldState;
  readonly about: string;
  /** Name of the kubelet's command line flag where it has one (without dashes). */
  readonly flag?: string;
  /** Never set: carries the type of the value. */
  readonly carries?: T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The configuration that a table describes, defaults filled. */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface FieldOptions {
  readonly since?: string;
  readonly flag?: string;
  readonly keepsZero?: boolean;
}

export const used: FieldState = { state: "used" };
export const accepted = (why: string): FieldState => ({ state: "accepted", why });
export const notYet = (feature: string, hint = "a later version"): FieldState => ({ state: "notYet", feature, hint });

function field<T>(
  type: FieldType,
  defaultValue: Json | undefined,
  state: FieldState,
  about: string,
  options: FieldOptions = {},
): Field<T> {
  return {
    type,
    ...(defaultValue === undefined ? {} : { default: defaultValue }),
    keepsZero: options.keepsZero ?? false,
    since: options.since ?? "1.26",
    state,
    about,
    ...(options.flag === undefined ? {} : { flag: options.flag }),
  };
}

const int32: FieldType = { kind: "integer", min: -(2 ** 31), max: 2 ** 31 - 1, name: "int32" };
const int64: FieldType = { kind: "integer", min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, name: "int64" };
const uint32: FieldType = { kind: "integer", min: 0, max: 2 ** 32 - 1, name: "uint32" };
const text: FieldType = { kind: "string" };

type Make<V, T> = (value: V, state: FieldState, about: string, options?: FieldOptions) => Field<T>;
type MakeOptional<T> = (state: FieldState, about: string, options?: FieldOptions) => Field<T | undefined>;

export const boolean: Make<boolean, boolean> = (value, ...rest) => field({ kind: "boolean" }, value, ...rest);
export const optionalBoolean: MakeOptional<boolean> = (...rest) => field({ kind: "boolean" }, undefined, ...rest);
export const integer: Make<number, number> = (value, ...rest) => field(int32, value, ...rest);
export const longInteger: Make<number, number> = (value, ...rest) => field(int64, value, ...rest);
export const unsigned: Make<number, number> = (value, ...rest) => field(uint32, value, ...rest);
export const optionalInteger: MakeOptional<number> = (...rest) => field(int32, undefined, ...rest);
export const optionalLongInteger: MakeOptional<number> = (...rest) => field(int64, undefined, ...rest);
export const number: Make<number, number> = (value, ...rest) => field({ kind: "number" }, value, ...rest);
export const string: Make<string, string> = (value, ...rest) => field(text, value, ...rest);
export const optionalString: MakeOptional<string> = (...rest) => field(text, undefined, ...rest);
/** A Go duration text; the value is held in Go's own form ("1m0s"). */
export const duration: Make<string, string> = (value, ...rest) =>
  field({ kind: "duration", numbers: false }, value, ...rest);
export const durationOrNanoseconds: Make<string, string> = (value, ...rest) =>
  field({ kind: "duration", numbers: true }, value, ...rest);
export const optionalDuration: MakeOptional<string> = (...rest) =>
  field({ kind: "duration", numbers: false }, undefined, ...rest);
export const quantity: Make<string, string> = (value, ...rest) =>
  field({ kind: "quantity", numbers: false }, value, ...rest);
export const quantityOrNumber: Make<string, string> = (value, ...rest) =>
  field({ kind: "quantity", numbers: true }, value, ...rest);

/** One of `values`, refused in these words: `option "x" specified for NAME. Valid options are ...`. */
export function oneOf<const V extends string>(
  values: readonly V[],
  value: V,
  state: FieldState,
  about: string,
  options?: FieldOptions,
): Field<V> {
  return field({ kind: "enum", values, strict: true }, value, state, about, options);
}

/** One of `values`; the kubelet's validation has its own words (or conditions) for others. */
export function checkedOneOf<const V extends string>(
  values: readonly V[],
  value: V,
  state: FieldState,
  about: string,
  options?: FieldOptions,
): Field<V> {
  return field({ kind: "enum", values, strict: false }, value, state, about, options);
}

export const stringList: Make<readonly string[], readonly string[]> = (value, ...rest) =>
  field({ kind: "list", items: text }, value, ...rest);
export const integerList: Make<readonly number[], readonly number[]> = (value, ...rest) =>
  field({ kind: "list", items: int32 }, value, ...rest);
export const stringMap: Make<Readonly<Record<string, string>>, Readonly<Record<string, string>>> = (value, ...rest) =>
  field({ kind: "map", values: text }, value, ...rest);
export const booleanMap: Make<Readonly<Record<string, boolean>>, Readonly<Record<string, boolean>>> = (
  value,
  ...rest
) => field({ kind: "map", values: { kind: "boolean" } }, value, ...rest);
/** Resource name -> quantity text. */
export const quantityMap: Make<Readonly<Record<string, string>>, Readonly<Record<string, string>>> = (value, ...rest) =>
  field({ kind: "map", values: { kind: "quantity", numbers: false } }, value, ...rest);
/** As `quantityMap`; a bare number is taken too (v1.ResourceList). */
export const resourceList: Make<Readonly<Record<string, string>>, Readonly<Record<string, string>>> = (
  value,
  ...rest
) => field({ kind: "map", values: { kind: "quantity", numbers: true } }, value, ...rest);
export const durationMap: Make<Readonly<Record<string, string>>, Readonly<Record<string, string>>> = (value, ...rest) =>
  field({ kind: "map", values: { kind: "duration", numbers: false } }, value, ...rest);
export const headerMap: Make<
  Readonly<Record<string, readonly string[]>>,
  Readonly<Record<string, readonly string[]>>
> = (value, ...rest) => field({ kind: "map", values: { kind: "list", items: text } }, value, ...rest);

/** A nested struct that is always there; its fields have states of their own. */
export function object<F extends Fields>(fields: F, state: FieldState, about: string, options?: FieldOptions) {
  return field<Values<F>>({ kind: "object", fields }, {}, state, about, options);
}

/** A nested struct behind a pointer: absent until something is set in it. */
export function optionalObject<F extends Fields>(
  fields: F,
  state: FieldState,
  about: string,
  options?: FieldOptions,
): Field<Values<F> | undefined> {
  return field({ kind: "object", fields }, undefined, state, about, options);
}

export function objectList<F extends Fields>(fields: F, state: FieldState, about: string, options?: FieldOptions) {
  return field<readonly Values<F>[]>({ kind: "list", items: { kind: "object", fields } }, [], state, about, options);
}
