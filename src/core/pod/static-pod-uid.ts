import { compareBytes } from "../manifest/plain.ts";
import { md5 } from "./md5.ts";

/**
 * A UID of 32 hexadecimal digits that depends on `pod` (whatever the order of its keys) and on `origin` alone.
 * Source: kubelet config/common.go applyDefaults. Differs: MD5 over canonical JSON instead of over a dump of Go structs,
 * so that a new version of the API types changes no UID.
 */
export function staticPodUid(pod: unknown, origin: string): string {
  return md5(new TextEncoder().encode(canonicalJson(pod) + origin));
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => compareBytes(a, b));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join()}}`;
}
