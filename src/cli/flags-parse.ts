/**
 * Command line flags as Go's pflag reads them: `--a b`, `--a=b`, `-a b`, `-ab`, `-a=b`, joined boolean letters (`-it`),
 * `--flag=false` for a boolean (never `--flag false`), underscores for dashes, `--` ends the flags.
 */
import { didYouMean } from "../core/config/did-you-mean.ts";
import { parseGoDuration } from "../core/config/index.ts";

export type FlagKind = "boolean" | "string" | "integer" | "duration" | "list";

/** `T` is the type of the value; `undefined` where the flag is not given (lists are empty). */
export interface FlagSpec<T> {
  readonly kind: FlagKind;
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in the usage text. */
  readonly placeholder: string;
  readonly about: string;
  /** The values that are allowed. */
  readonly choices?: readonly string[];
  /** Never set: carries the type of the value. */
  readonly carries?: T;
}

/** camelCase name -> flag; `configDir` is `--config-dir`. */
export type FlagSpecs = Readonly<Record<string, FlagSpec<unknown>>>;

export type FlagValues<S> = { readonly [K in keyof S]: S[K] extends FlagSpec<infer T> ? T : never };

export interface ParsedFlags<S> {
  readonly flags: FlagValues<S>;
  /** What is no flag, before `--`. */
  readonly args: readonly string[];
  /** After `--`; `undefined` where there is none. */
  readonly rest: readonly string[] | undefined;
  readonly help: boolean;
}

type Short = { readonly short?: string };
export const booleanFlag = (about: string, options: Short = {}): FlagSpec<boolean | undefined> => {
  return { kind: "boolean", placeholder: "", about, ...options };
};
export const stringFlag = (placeholder: string, about: string, options: Short = {}): FlagSpec<string | undefined> => {
  return { kind: "string", placeholder, about, ...options };
};
export const integerFlag = (placeholder: string, about: string, options: Short = {}): FlagSpec<number | undefined> => {
  return { kind: "integer", placeholder, about, ...options };
};
/** Value in milliseconds. */
export const durationFlag = (placeholder: string, about: string): FlagSpec<number | undefined> => {
  return { kind: "duration", placeholder, about };
};
/** Given several times, or with commas. */
export const listFlag = (placeholder: string, about: string): FlagSpec<readonly string[]> => {
  return { kind: "list", placeholder, about };
};
export const choiceFlag = <const V extends string>(choices: readonly V[], about: string, options: Short = {}) => {
  const spec: FlagSpec<V | undefined> = { kind: "string", placeholder: choices.join("|"), about, choices, ...options };
  return spec;
};

/** `configDir` -> `--config-dir`; a one-letter name is `-v`. */
export function flagName(key: string): string {
  const kebab = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return kebab.length === 1 ? `-${kebab}` : `--${kebab}`;
}

/** Reads the arguments of one command; a text is what is wrong with them. */
export function parseFlags<S extends FlagSpecs>(args: readonly string[], specs: S): ParsedFlags<S> | string {
  const state: State = { specs, values: emptyValues(specs), args: [], rest: undefined, help: false };
  let index = 0;
  while (index < args.length) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      state.rest = args.slice(index + 1);
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      state.args.push(arg);
      index++;
      continue;
    }
    const taken = arg.startsWith("--") ? readLong(state, arg, args[index + 1]) : readShort(state, arg, args[index + 1]);
    if (typeof taken === "string") return taken;
    index += taken;
  }
  // The values were read by the kinds that these types are computed from.
  const flags = Object.fromEntries(state.values) as FlagValues<S>;
  return { flags, args: state.args, rest: state.rest, help: state.help };
}

interface State {
  readonly specs: FlagSpecs;
  readonly values: Map<string, unknown>;
  readonly args: string[];
  rest: readonly string[] | undefined;
  help: boolean;
}

function emptyValues(specs: FlagSpecs): Map<string, unknown> {
  return new Map(Object.entries(specs).map(([key, spec]) => [key, spec.kind === "list" ? [] : undefined]));
}

/** How many arguments were taken, or what is wrong. */
function readLong(state: State, arg: string, next: string | undefined): number | string {
  const equals = arg.indexOf("=");
  const written = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
  const name = written.replaceAll("_", "-");
  if (name === "help") {
    state.help = true;
    return 1;
  }
  const key = Object.keys(state.specs).find((candidate) => flagName(candidate).replace(/^-+/, "") === name);
  if (key === undefined) return unknownFlag(`--${written}`, state.specs);
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  return take(state, key, `--${name}`, inline, next);
}

function readShort(state: State, arg: string, next: string | undefined): number | string {
  for (let position = 1; position < arg.length; position++) {
    const letter = arg[position] ?? "";
    if (letter === "h") {
      state.help = true;
      continue;
    }
    const key = Object.keys(state.specs).find((name) => name === letter || state.specs[name]?.short === letter);
    if (key === undefined) return unknownFlag(arg.length === 2 ? arg : `-${letter} in ${arg}`, state.specs);
    const after = arg.slice(position + 1);
    if (state.specs[key]?.kind === "boolean" && !after.startsWith("=")) {
      state.values.set(key, true);
      continue;
    }
    const inline = after === "" ? undefined : after.replace(/^=/, "");
    return take(state, key, `-${letter}`, inline, next);
  }
  return 1;
}

function take(state: State, key: string, name: string, inline: string | undefined, next: string | undefined) {
  const spec = state.specs[key];
  if (spec === undefined) return `unknown flag ${name}`;
  if (spec.kind === "boolean") {
    const value = booleanOf(inline ?? "true");
    if (value === undefined) return `flag ${name}: ${JSON.stringify(inline)} is neither true nor false`;
    state.values.set(key, value);
    return 1;
  }
  const text = inline ?? next;
  if (text === undefined) return `flag ${name} needs a value: ${name} ${spec.placeholder}`;
  const problem = setValue(state.values, key, spec, text);
  if (problem !== undefined) return `flag ${name}: ${problem}`;
  return inline === undefined ? 2 : 1;
}

function setValue(values: Map<string, unknown>, key: string, spec: FlagSpec<unknown>, text: string) {
  if (spec.choices !== undefined && !spec.choices.includes(text)) {
    return `${JSON.stringify(text)} is not one of ${spec.choices.join(", ")}`;
  }
  if (spec.kind === "list") {
    const before = values.get(key);
    const items = text.split(",").filter((item) => item !== "");
    values.set(key, [...(Array.isArray(before) ? before : []), ...items]);
    return undefined;
  }
  if (spec.kind === "integer") {
    if (!/^[+-]?\d{1,15}$/.test(text)) return `${JSON.stringify(text)} is not an integer`;
    values.set(key, Number(text));
    return undefined;
  }
  if (spec.kind === "duration") {
    const nanoseconds = parseGoDuration(text);
    if (nanoseconds === undefined) return `${JSON.stringify(text)} is not a duration such as 1m30s`;
    values.set(key, nanoseconds / 1e6);
    return undefined;
  }
  values.set(key, text);
  return undefined;
}

/** Go strconv.ParseBool. */
function booleanOf(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

function unknownFlag(written: string, specs: FlagSpecs): string {
  const names = ["--help", ...Object.keys(specs).map(flagName)];
  const near = written.startsWith("--") ? didYouMean(written, names) : undefined;
  return `unknown flag ${written}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}
