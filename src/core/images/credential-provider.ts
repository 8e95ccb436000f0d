/**
 * Talking to a credential provider plugin: what it is asked, what its answer means and how long that counts.
 * Source: kubelet credentialprovider/plugin/plugin.go.
 */
import { parseGoDuration } from "../config/go-duration.ts";
import type { CredentialProvider } from "./credential-provider-config.ts";
import type { DockerConfigEntry } from "./docker-config.ts";
import { matchesRepository } from "./registry-pattern.ts";

export interface ProvidedCredentials {
  readonly entries: readonly DockerConfigEntry[];
  /** For which images it counts, as `cacheKeys` names them. */
  readonly cacheKey: string;
  /** 0: for this one pull. */
  readonly cacheMs: number;
}

/** `repository` is the image's whole name without tag and digest. */
export function providesFor({ matchImages }: CredentialProvider, repository: string): boolean {
  return matchImages.some((pattern) => matchesRepository(pattern, repository));
}

/** What the plugin reads. */
export function credentialRequest({ apiVersion }: CredentialProvider, repository: string): string {
  return JSON.stringify({ kind: "CredentialProviderRequest", apiVersion, image: repository });
}

/** Keys under which credentials for an image may be kept, the most exact first. */
export function cacheKeys(repository: string): readonly string[] {
  return [`Image ${repository}`, `Registry ${registryOf(repository)}`, "Global"];
}

/** What the plugin wrote. No error holds a part of it: there may be passwords in it. */
export function parseCredentialResponse(
  { apiVersion, defaultCacheMs }: CredentialProvider,
  repository: string,
  text: string,
): ProvidedCredentials | { readonly error: string } {
  let response: unknown;
  try {
    response = JSON.parse(text);
  } catch {
    return { error: "its answer is not valid JSON" };
  }
  if (!isObject(response)) return { error: "its answer is not a JSON object" };
  const { kind, apiVersion: version, cacheKeyType, cacheDuration, auth } = response;
  if (kind !== "CredentialProviderResponse") return { error: "its answer is not of kind CredentialProviderResponse" };
  if (version !== apiVersion) {
    const actual = typeof version === "string" ? version : "none";
    return { error: `its answer has apiVersion ${actual}, expected ${apiVersion}` };
  }
  const cacheKey = keyOf(cacheKeyType, repository);
  if (cacheKey === undefined) return { error: "its answer has no valid cacheKeyType (Image, Registry or Global)" };
  const cacheMs = cacheDuration == null ? defaultCacheMs : durationMs(cacheDuration);
  if (cacheMs === undefined) return { error: "its answer has a cacheDuration that is no duration" };
  const entries = entriesOf(auth ?? {});
  return entries === undefined
    ? { error: "its answer has an auth that holds no usernames and passwords" }
    : { entries, cacheKey, cacheMs };
}

function keyOf(type: unknown, repository: string): string | undefined {
  if (type === "Image") return `Image ${repository}`;
  if (type === "Registry") return `Registry ${registryOf(repository)}`;
  return type === "Global" ? "Global" : undefined;
}

function registryOf(repository: string): string {
  return repository.split("/", 1)[0] ?? "";
}

function durationMs(value: unknown): number | undefined {
  const nanoseconds = typeof value === "string" ? parseGoDuration(value) : undefined;
  return nanoseconds === undefined ? undefined : Math.max(0, nanoseconds / 1e6);
}

function entriesOf(auth: unknown): readonly DockerConfigEntry[] | undefined {
  if (!isObject(auth)) return undefined;
  const entries: DockerConfigEntry[] = [];
  for (const [location, credential] of Object.entries(auth)) {
    if (!isObject(credential)) return undefined;
    const { username = "", password = "" } = credential;
    if (typeof username !== "string" || typeof password !== "string") return undefined;
    entries.push({ location, username, password });
  }
  return entries;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
