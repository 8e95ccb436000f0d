import { imageRepository } from "./image-name.ts";

/**
 * What is wrong with an entry of preloadedImagesVerificationAllowlist: it is an image's whole name without tag and digest,
 * or a registry or part of one before `/*`. Source: kubelet pullmanager getAllowlistImagePattern.
 */
export function allowlistError(pattern: string): string | undefined {
  if (pattern !== pattern.trim()) return `leading/trailing spaces are not allowed: ${pattern}`;
  const isPrefix = pattern.endsWith("/*");
  const bare = isPrefix ? pattern.slice(0, -1) : pattern;
  if (bare === "") return `the supplied pattern is too short: ${pattern}`;
  if (bare.includes("*")) return `not a valid wildcard pattern, only patterns ending with '/*' are allowed: ${pattern}`;
  if (isPrefix) return bare === "/" ? "at least registry hostname is required" : undefined;
  const repository = imageRepository(bare);
  if (repository === undefined) return `failed to parse as an image name: ${pattern}`;
  if (repository === bare) return undefined;
  return `neither tag nor digest nor a short name is accepted, write ${repository}: ${pattern}`;
}

/** `repository` is the image's whole name without tag and digest. */
export function isAllowlisted(allowlist: readonly string[], repository: string): boolean {
  return allowlist.some((pattern) =>
    pattern.endsWith("/*") ? repository.startsWith(pattern.slice(0, -1)) : repository === pattern,
  );
}
