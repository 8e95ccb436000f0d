/** Where an effective value came from. */
import { formatPath, type Path } from "./path.ts";

export type Origin =
  | { readonly kind: "default" }
  /** Differs from the kubelet's default because the node is alone; `reason` in a few words. */
  | { readonly kind: "standalone default"; readonly reason?: string }
  | { readonly kind: "file" | "drop-in"; readonly file: string; readonly line?: number }
  /** The flag with its dashes. */
  | { readonly kind: "flag"; readonly flag: string };

/** Field path (as `formatPath` writes it) -> origin; lists have one origin, maps and structs one for each entry. */
export type Origins = ReadonlyMap<string, Origin>;

export const defaultOrigin: Origin = { kind: "default" };

/** `default`, `/etc/kubelet.yaml:12`, `drop-in /etc/kubelet.d/10.conf:3`, `flag --manifests`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "standalone default":
      return origin.reason === undefined ? origin.kind : `${origin.kind} (${origin.reason})`;
    case "flag":
      return `flag ${origin.flag}`;
    case "file":
    case "drop-in": {
      const place = origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
      return origin.kind === "file" ? place : `drop-in ${place}`;
    }
  }
}

/** Origin of the value at `path`: its own, or that of the nearest parent; the default where nothing is known. */
export function originOf(origins: Origins, path: Path): Origin {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(formatPath(path.slice(0, length)));
    if (origin !== undefined) return origin;
  }
  return defaultOrigin;
}

/** The first origin at or below `path` that is no default, else the default: whether anybody set something there. */
export function setOrigin(origins: Origins, path: Path): Origin {
  const own = originOf(origins, path);
  if (!isDefault(own)) return own;
  const prefix = formatPath(path);
  for (const [key, origin] of origins) {
    if ((key.startsWith(`${prefix}.`) || key.startsWith(`${prefix}[`)) && !isDefault(origin)) return origin;
  }
  return own;
}

/** Nobody set it: it is the kubelet's default or the standalone one. */
export function isDefault(origin: Origin): boolean {
  return origin.kind === "default" || origin.kind === "standalone default";
}
