import { compareBytes } from "../manifest/plain.ts";

const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;
const MASK = (1n << 128n) - 1n;

/**
 * A UID of 32 hexadecimal digits that depends on `pod` (whatever the order of its keys) and on `origin` alone.
 * Source: kubelet config/common.go applyDefaults. Differs: FNV-1a of 128 bits over canonical JSON instead of MD5 over a
 * dump of Go structs, so that a new version of the API types changes no UID.
 */
export function staticPodUid(pod: unknown, origin: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(canonicalJson(pod) + origin)) {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  }
  return hash.toString(16).padStart(32, "0");
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => compareBytes(a, b));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join()}}`;
}
