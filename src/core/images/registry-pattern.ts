import { matchesGlob } from "./glob.ts";

/** A registry or a part of one, without a scheme: `*.example.com:5000/team`. */
export interface RegistryPattern {
  /** Parts of the host between its dots. */
  readonly hostParts: readonly string[];
  /** "": none. */
  readonly port: string;
  /** With its leading slash; "": none. */
  readonly path: string;
}

/** `undefined`: no host can be called that. Source: kubelet credentialprovider ParseSchemelessURL, SplitURL. */
export function parseRegistryPattern(text: string): RegistryPattern | undefined {
  const [location = ""] = text.split(/[?#]/, 1);
  const slash = location.indexOf("/");
  const authority = slash < 0 ? location : location.slice(0, slash);
  const path = slash < 0 ? "" : location.slice(slash);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (hasForbiddenLetter(host) || hasForbiddenLetter(path)) return undefined;
  const match = /^(\[[^\]]*\]|(?!\[)[^:]*)(?::([0-9]*))?$/.exec(host);
  if (match === null) return undefined;
  const [, name = "", port = ""] = match;
  return { hostParts: name.replace(/^\[|\]$/g, "").split("."), port, path };
}

/**
 * Does the pattern stand for the repository (`host:port/path`, without tag and digest)? As many host parts, each by its
 * glob, the same port, and the pattern's path is how the repository's begins. Source: kubelet credentialprovider URLsMatch.
 */
export function matchesRepository(pattern: string, repository: string): boolean {
  const glob = parseRegistryPattern(pattern);
  const target = parseRegistryPattern(repository);
  if (glob === undefined || target === undefined) return false;
  if (glob.port !== target.port || glob.hostParts.length !== target.hostParts.length) return false;
  if (!target.path.startsWith(glob.path)) return false;
  return glob.hostParts.every((part, index) => matchesGlob(part, target.hostParts[index] ?? ""));
}

function hasForbiddenLetter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in a URL
  return /[\u0000- \u007f<>"]/.test(text);
}
