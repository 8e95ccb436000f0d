import type { Container } from "../api/types.ts";

/** Fields that later Kubernetes versions default by themselves: they must not restart what runs when an agent learns them. */
const NOT_HASHED: ReadonlySet<string> = new Set(["resizePolicy"]);

/**
 * Hash of a container spec as hexadecimal text: equal for equal specs, whatever the order of their keys, and unchanged by
 * fields that are absent, null or empty. A running container whose hash differs was created from another spec.
 * Source: kubelet container/helpers.go HashContainer. Differs: FNV-1a over canonical JSON instead of over a dump of the
 * Go struct, so that a new version of the API types alone changes no hash.
 */
export function containerHash(container: Container): string {
  const known = hashes.get(container);
  if (known !== undefined) return known;
  const hashed = Object.fromEntries(Object.entries(container).filter(([name]) => !NOT_HASHED.has(name)));
  const hash = fnv1a(canonicalJson(hashed) ?? "").toString(16);
  hashes.set(container, hash);
  return hash;
}

/** A spec does not change; it is asked for its hash at every sync of its pod. */
const hashes = new WeakMap<Container, string>();

/** JSON with sorted keys and without empty parts; `undefined`: all of it is empty. */
function canonicalJson(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : `[${value.map((item) => canonicalJson(item) ?? "null").join()}]`;
  }
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value)
    .map(([name, field]) => [name, canonicalJson(field)] as const)
    .filter(([, text]) => text !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return fields.length === 0
    ? undefined
    : `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}

/** Of the text's UTF-8 bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 127) return fnv1aOf(new TextEncoder().encode(text));
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash >>> 0;
}

function fnv1aOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
