/**
 * The files of configMap and secret volumes. Texts of the errors and the rules for items, modes and optional:
 * kubelet pkg/volume/configmap MakePayload, pkg/volume/secret MakePayload.
 */
import type { ConfigMap, Secret, Volume } from "../api/types.ts";
import { decodeBase64 } from "./base64.ts";

/** File in a volume: `path` relative and clean, `mode` permission bits. */
export interface PayloadFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
  /** Absent: root. */
  readonly ownerId?: number;
}

export type Payload =
  | { readonly files: readonly PayloadFile[] }
  /** Why the volume cannot be set up now; it may heal when the object appears. */
  | { readonly error: string };

/** Which keys of an object become which files. */
export interface KeySelection {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

export const DEFAULT_MODE = 0o644;

/** `configMap` undefined: there is none of that name. */
export function configMapPayload(volume: NonNullable<Volume["configMap"]>, configMap: ConfigMap | undefined): Payload {
  if (configMap === undefined) return missing(volume, `configmap "${volume.name ?? ""}" not found`);
  const text = new TextEncoder();
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(configMap.data ?? {})) data.set(key, text.encode(value));
  for (const [key, value] of Object.entries(configMap.binaryData ?? {})) data.set(key, decodeBase64(value));
  return select(data, volume, "configmap references non-existent config key");
}

/** `secret` undefined: there is none of that name. */
export function secretPayload(volume: NonNullable<Volume["secret"]>, secret: Secret | undefined): Payload {
  if (secret === undefined) return missing(volume, `secret "${volume.secretName ?? ""}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(secret.data ?? {})) data.set(key, decodeBase64(value));
  return select(data, volume, "references non-existent secret key");
}

/** `path` without empty and "." elements. */
export function cleanPath(path: string): string {
  return path
    .split("/")
    .filter((element) => element !== "" && element !== ".")
    .join("/");
}

function missing({ optional }: KeySelection, error: string): Payload {
  return optional === true ? { files: [] } : { error };
}

function select(data: ReadonlyMap<string, Uint8Array>, selection: KeySelection, absent: string): Payload {
  const { items, optional, defaultMode = DEFAULT_MODE } = selection;
  if (items === undefined || items.length === 0) {
    return { files: [...data].map(([path, content]) => ({ path, mode: defaultMode, content })) };
  }
  const files: PayloadFile[] = [];
  for (const { key, path, mode } of items) {
    const content = data.get(key);
    if (content !== undefined) files.push({ path: cleanPath(path), mode: mode ?? defaultMode, content });
    else if (optional !== true) return { error: `${absent}: ${key}` };
  }
  return { files };
}
