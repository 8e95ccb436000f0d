/** What the API refused in 1.26, whose rules the validators follow, and takes since. */
import type { FieldError } from "./field-error.ts";

/** Whether the error stands under the rules of 1.33, too. */
export function standsSince({ field, badValue, type }: FieldError): boolean {
  // status.hostIPs came with 1.28.
  if (badValue === "status.hostIPs" && field.endsWith(".valueFrom.fieldRef.fieldPath")) return false;
  // Pods with a user namespace of their own may have any volume since 1.28.
  return !(type === "FieldValueForbidden" && /^spec\.volumes\[\d+\]$/.test(field));
}
