/**
 * Which credentials to try for an image, in which order. Source: kubelet credentialprovider/keyring.go.
 */
import type { DockerConfigEntry } from "./docker-config.ts";
import { matchesRepository } from "./registry-pattern.ts";

/** Where a credential comes from that is not the whole node's. */
export interface SecretSource {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Credential {
  readonly username: string;
  readonly password: string;
  /** Absent: every pod of this node may use it. */
  readonly secret?: SecretSource;
}

/** Credentials by the registry, or part of one, that they are for; more exact keys first. */
export type Keyring = readonly { readonly key: string; readonly credentials: readonly Credential[] }[];

const DEFAULT_REGISTRY = "index.docker.io";

/** Entries that name no registry are passed over. Of one registry, those that come first are tried first. */
export function keyringOf(
  configs: readonly { readonly entries: readonly DockerConfigEntry[]; readonly secret?: SecretSource }[],
): Keyring {
  const byKey = new Map<string, Credential[]>();
  for (const { entries, secret } of configs) {
    for (const { location, username, password } of entries) {
      const key = keyOf(location);
      const credential = { username, password, ...(secret !== undefined && { secret }) };
      byKey.set(key, [...(byKey.get(key) ?? []), credential]);
    }
  }
  // Reverse order of letters: what begins with a key is more exact than the key, and comes before it.
  const keys = [...byKey.keys()].toSorted((a, b) => (a < b ? 1 : -1));
  return keys.map((key) => ({ key, credentials: byKey.get(key) ?? [] }));
}

/** `repository` is the image's whole name without tag and digest (`docker.io/library/busybox`). */
export function credentialsFor(keyring: Keyring, repository: string): readonly Credential[] {
  const found = keyring.flatMap(({ key, credentials }) => (matchesRepository(key, repository) ? credentials : []));
  if (found.length > 0 || !isOfDefaultRegistry(repository)) return found;
  return keyring.find(({ key }) => key === DEFAULT_REGISTRY)?.credentials ?? [];
}

/** Without the scheme and without what docker writes for the version of the protocol. */
function keyOf(location: string): string {
  const bare = location.replace(/^https?:\/\//, "");
  const [place = ""] = bare.split(/[?#]/, 1);
  const slash = place.indexOf("/");
  if (slash < 0) return place;
  const host = place.slice(0, slash);
  const path = place.slice(slash).replace(/^\/v[12](?=\/)/, "");
  return path === "/" ? host : host + path;
}

function isOfDefaultRegistry(repository: string): boolean {
  const [first = "", ...rest] = repository.split("/");
  if (first === "") return false;
  return rest.length === 0 || first === "docker.io" || first === DEFAULT_REGISTRY || !/[.:]/.test(first);
}
