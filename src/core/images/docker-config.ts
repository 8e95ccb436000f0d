/**
 * Docker's files of registry credentials: `config.json` (`{"auths": {...}}`), as in Secrets of type
 * kubernetes.io/dockerconfigjson, and the older `.dockercfg` (the same without `auths`). Only user names and passwords
 * count. Texts of errors never hold what the file says. Source: kubelet credentialprovider/config.go.
 */
import { decodeBase64 } from "../volume/base64.ts";

/** A user name and password for what `location` names: a host or a URL, with a path or without. */
export interface DockerConfigEntry {
  readonly location: string;
  readonly username: string;
  readonly password: string;
}

export type DockerConfig = { readonly entries: readonly DockerConfigEntry[] } | { readonly error: string };

export type DockerConfigForm = "config.json" | ".dockercfg";

/** In the order of the text. */
export function parseDockerConfig(text: string, form: DockerConfigForm): DockerConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: "is not valid JSON" };
  }
  if (!isObject(value)) return { error: "is not a JSON object" };
  const auths = form === "config.json" ? (value["auths"] ?? {}) : value;
  if (!isObject(auths)) return { error: "has auths that are no JSON object" };
  const entries: DockerConfigEntry[] = [];
  for (const [location, entry] of Object.entries(auths)) {
    const credential = parseEntry(entry);
    if ("error" in credential) return { error: `has an entry ${JSON.stringify(location)} that ${credential.error}` };
    entries.push({ location, ...credential });
  }
  return { entries };
}

function parseEntry(entry: unknown): Omit<DockerConfigEntry, "location"> | { readonly error: string } {
  if (!isObject(entry)) return { error: "is no JSON object" };
  const { username = "", password = "", auth = "" } = entry;
  if (typeof username !== "string" || typeof password !== "string") {
    return { error: "has a username or password that is no text" };
  }
  if (typeof auth !== "string") return { error: "has an auth that is no text" };
  if (auth === "") return { username, password };
  const decoded = decodeAuth(auth);
  const colon = decoded?.indexOf(":") ?? -1;
  if (decoded === undefined || colon < 0) return { error: "has an auth that is not base64 of NAME:PASSWORD" };
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Padded or not at all; line breaks are passed over, as Go does. */
function decodeAuth(auth: string): string | undefined {
  const text = auth.trim().replace(/[\r\n]/g, "");
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && (text.endsWith("=") ? text.length % 4 === 0 : true);
  if (!isBase64 || text.replace(/=+$/, "").length % 4 === 1) return undefined;
  return new TextDecoder().decode(decodeBase64(text));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
