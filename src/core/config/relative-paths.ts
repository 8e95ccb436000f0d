/** Paths in a configuration file are relative to that file (kubelet configfiles resolveRelativePaths). */
import { isObject } from "./decode.ts";
import type { Json, JsonObject } from "./field.ts";

const pathFields: readonly (readonly string[])[] = [
  ["staticPodPath"],
  ["resolvConf"],
  ["tlsCertFile"],
  ["tlsPrivateKeyFile"],
  ["authentication", "x509", "clientCAFile"],
  ["manifestsPath"],
  ["claimsPath"],
];

/**
 * `value` with its relative paths made absolute from the directory of `file` (an absolute path).
 * Differs: the kubelet leaves those of drop-ins relative to its own working directory.
 */
export function resolveRelativePaths(value: JsonObject, file: string): JsonObject {
  const directory = file.slice(0, file.lastIndexOf("/") + 1);
  return pathFields.reduce<JsonObject>((result, path) => resolveAt(result, path, directory), value);
}

function resolveAt(value: JsonObject, [name, ...rest]: readonly string[], directory: string): JsonObject {
  const current: Json | undefined = name === undefined ? undefined : value[name];
  if (name === undefined || current === undefined) return value;
  if (isObject(current) && rest.length > 0) return { ...value, [name]: resolveAt(current, rest, directory) };
  if (typeof current !== "string" || current === "" || current.startsWith("/")) return value;
  return { ...value, [name]: cleaned(`${directory}${current}`) };
}

/** Without "." and ".." parts, as Go's filepath.Clean. */
function cleaned(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
