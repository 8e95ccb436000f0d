import { goQuote } from "../../api/go-quote.ts";
import type { FieldPath } from "./field-path.ts";
import { goValue } from "./go-value.ts";

/** Source: apimachinery util/validation/field ErrorType, under its own constants' values. */
export type FieldErrorType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "InternalError"
  | "FieldValueTypeInvalid";

/** One thing wrong with an object, in Kubernetes' words. `text` is the whole message, its field included. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly badValue: unknown;
  readonly detail: string;
  readonly text: string;
}

const WORDS: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  InternalError: "Internal error",
  FieldValueTypeInvalid: "Invalid value",
};
/** Kinds whose message does not show the value. */
const WITHOUT_VALUE: ReadonlySet<FieldErrorType> = new Set([
  "FieldValueRequired",
  "FieldValueForbidden",
  "FieldValueTooLong",
  "InternalError",
  "FieldValueTypeInvalid",
]);

function fieldError(type: FieldErrorType, path: FieldPath, badValue: unknown, detail: string): FieldError {
  const field = path.toString();
  const shown = WITHOUT_VALUE.has(type) ? WORDS[type] : `${WORDS[type]}: ${goValue(badValue)}`;
  const text = detail === "" ? `${field}: ${shown}` : `${field}: ${shown}: ${detail}`;
  return { type, field, badValue, detail, text };
}

export function required(path: FieldPath, detail = ""): FieldError {
  return fieldError("FieldValueRequired", path, "", detail);
}

export function invalid(path: FieldPath, badValue: unknown, detail: string): FieldError {
  return fieldError("FieldValueInvalid", path, badValue, detail);
}

/** One error for each message, all about the same value. */
export function invalidEach(path: FieldPath, badValue: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(path, badValue, message));
}

/** `supported` is shown in the order given. */
export function notSupported(path: FieldPath, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? "" : `supported values: ${supported.map(goQuote).join(", ")}`;
  return fieldError("FieldValueNotSupported", path, badValue, detail);
}

export function duplicate(path: FieldPath, badValue: unknown): FieldError {
  return fieldError("FieldValueDuplicate", path, badValue, "");
}

export function forbidden(path: FieldPath, detail: string): FieldError {
  return fieldError("FieldValueForbidden", path, "", detail);
}

export function notFound(path: FieldPath, badValue: unknown, detail = ""): FieldError {
  return fieldError("FieldValueNotFound", path, badValue, detail);
}

export function tooLong(path: FieldPath, badValue: unknown, maxBytes: number): FieldError {
  return fieldError("FieldValueTooLong", path, badValue, `must have at most ${maxBytes} bytes`);
}

export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  return fieldError("FieldValueTooMany", path, actual, `must have at most ${max} items`);
}
