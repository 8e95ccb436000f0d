import { type FieldError, invalid } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";

/** No `..` as a part of the path. Source: core/validation validatePathNoBacksteps. */
export function validateNoBacksteps(target: string, path: FieldPath): FieldError[] {
  return target.split("/").includes("..") ? [invalid(path, target, "must not contain '..'")] : [];
}

/** Source: core/validation validateLocalDescendingPath. */
export function validateRelativePath(target: string, path: FieldPath): FieldError[] {
  const absolute = target.startsWith("/") ? [invalid(path, target, "must be a relative path")] : [];
  return [...absolute, ...validateNoBacksteps(target, path)];
}

/** A relative path that also must not begin with two dots, which the kubelet keeps for itself. Source: validateLocalNonReservedPath. */
export function validateFilePath(target: string, path: FieldPath): FieldError[] {
  const errors = validateRelativePath(target, path);
  if (target.startsWith("..") && !target.startsWith("../")) {
    errors.push(invalid(path, target, "must not start with '..'"));
  }
  return errors;
}
