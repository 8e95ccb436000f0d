import { formatQuantity, isZeroQuantity, quantityOrZero } from "../../quantity/index.ts";
import { type FieldError, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { qualifiedNameErrors } from "./names.ts";

/** Fields that an environment variable can take its value from. */
export const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.podIP",
  "status.podIPs",
];
/** Fields that a downward API file can take its content from. */
export const VOLUME_FIELDS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const CONVERTIBLE: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.podIP",
  "status.podIPs",
]);
const RESOURCES = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const SUBSCRIPT = /^(?!\[')(.+?)\['(.*)'\]$/s;

interface FieldRef {
  readonly apiVersion?: string;
  readonly fieldPath: string;
}

/** `supported`: sorted. Source: core/validation validateObjectFieldSelector. */
export function validateFieldRef(ref: FieldRef, supported: readonly string[], path: FieldPath): FieldError[] {
  if (!ref.apiVersion) return [required(path.child("apiVersion"))];
  if (ref.fieldPath === "") return [required(path.child("fieldPath"))];
  const converted = convertFieldPath(ref.apiVersion, ref.fieldPath);
  if ("error" in converted) {
    return [invalid(path.child("fieldPath"), ref.fieldPath, `error converting fieldPath: ${converted.error}`)];
  }
  const subscript = SUBSCRIPT.exec(converted.fieldPath);
  if (subscript === null) {
    if (supported.includes(converted.fieldPath)) return [];
    return [notSupported(path.child("fieldPath"), converted.fieldPath, supported)];
  }
  const [, field, key = ""] = subscript;
  const checked = field === "metadata.annotations" ? key.toLowerCase() : key;
  return invalidEach(path, checked, qualifiedNameErrors(checked));
}

/** Source: core/pods ConvertDownwardAPIFieldLabel. */
function convertFieldPath(
  apiVersion: string,
  fieldPath: string,
): { readonly fieldPath: string } | { readonly error: string } {
  if (apiVersion !== "v1") return { error: `unsupported pod version: ${apiVersion}` };
  const subscript = SUBSCRIPT.exec(fieldPath);
  if (subscript !== null) {
    const field = subscript[1];
    if (field === "metadata.annotations" || field === "metadata.labels") return { fieldPath };
    return { error: `field label does not support subscript: ${fieldPath}` };
  }
  if (CONVERTIBLE.has(fieldPath)) return { fieldPath };
  if (fieldPath === "spec.host") return { fieldPath: "spec.nodeName" };
  return { error: `field label not supported: ${fieldPath}` };
}

interface ResourceFieldRef {
  readonly containerName?: string;
  readonly resource: string;
  readonly divisor?: string;
}

/** Source: core/validation validateContainerResourceFieldSelector. */
export function validateResourceFieldRef(ref: ResourceFieldRef, path: FieldPath, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (inVolume && !ref.containerName) errors.push(required(path.child("containerName")));
  else if (ref.resource === "") errors.push(required(path.child("resource")));
  else if (!RESOURCES.includes(ref.resource)) {
    errors.push(notSupported(path.child("resource"), ref.resource, RESOURCES));
  }
  return [...errors, ...validateDivisor(ref, path.child("divisor"))];
}

const BYTE_DIVISORS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function validateDivisor({ resource, divisor }: ResourceFieldRef, path: FieldPath): FieldError[] {
  const quantity = quantityOrZero(divisor);
  if (isZeroQuantity(quantity)) return [];
  const text = formatQuantity(quantity);
  const bytes = (what: string) =>
    BYTE_DIVISORS.includes(text)
      ? []
      : [invalid(path, resource, `only divisor's values ${BYTE_DIVISORS.join(", ")} are supported with the ${what}`)];
  switch (resource) {
    case "limits.cpu":
    case "requests.cpu": {
      const detail = "only divisor's values 1m and 1 are supported with the cpu resource";
      return text === "1m" || text === "1" ? [] : [invalid(path, resource, detail)];
    }
    case "limits.memory":
    case "requests.memory":
      return bytes("memory resource");
    case "limits.ephemeral-storage":
    case "requests.ephemeral-storage":
      return bytes("local ephemeral storage resource");
    default:
      return /^(?:limits|requests)\.hugepages-/.test(resource) ? bytes("hugepages resource") : [];
  }
}
