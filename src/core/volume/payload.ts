/**
 * The files of configMap and secret volumes. Texts of the errors and the rules for items, modes and optional:
 * kubelet pkg/volume/configmap MakePayload, pkg/volume/secret MakePayload.
 */
import type { ConfigMap, Secret, Volume } from "../api/types.ts";
import { decodeBase64 } from "./base64.ts";

/** File in a volume: `path` relative, `mode` permission bits. */
export interface PayloadFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

export type Payload =
  | { readonly files: readonly PayloadFile[] }
  /** Why the volume cannot be set up now; it may heal when the object appears. */
  | { readonly error: string };

interface PayloadSource {
  readonly items: readonly { readonly key: string; readonly path: string; readonly mode?: number }[] | undefined;
  readonly defaultMode: number;
  readonly optional: boolean;
}

const DEFAULT_MODE = 0o644;

/** `configMap` undefined: there is none of that name. */
export function configMapPayload(volume: NonNullable<Volume["configMap"]>, configMap: ConfigMap | undefined): Payload {
  const source = sourceOf(volume);
  if (configMap === undefined) return missing(source, `configmap "${volume.name ?? ""}" not found`);
  const text = new TextEncoder();
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(configMap.data ?? {})) data.set(key, text.encode(value));
  for (const [key, value] of Object.entries(configMap.binaryData ?? {})) data.set(key, decodeBase64(value));
  return select(data, source, "configmap references non-existent config key");
}

/** `secret` undefined: there is none of that name. */
export function secretPayload(volume: NonNullable<Volume["secret"]>, secret: Secret | undefined): Payload {
  const source = sourceOf(volume);
  if (secret === undefined) return missing(source, `secret "${volume.secretName ?? ""}" not found`);
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(secret.data ?? {})) data.set(key, decodeBase64(value));
  return select(data, source, "references non-existent secret key");
}

function sourceOf(volume: {
  readonly items?: PayloadSource["items"];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}): PayloadSource {
  const { items, defaultMode = DEFAULT_MODE, optional = false } = volume;
  return { items, defaultMode, optional };
}

function missing(source: PayloadSource, error: string): Payload {
  return source.optional ? { files: [] } : { error };
}

function select(data: ReadonlyMap<string, Uint8Array>, source: PayloadSource, absent: string): Payload {
  if (source.items === undefined || source.items.length === 0) {
    return { files: [...data].map(([path, content]) => ({ path, mode: source.defaultMode, content })) };
  }
  const files: PayloadFile[] = [];
  for (const { key, path, mode } of source.items) {
    const content = data.get(key);
    if (content !== undefined) files.push({ path, mode: mode ?? source.defaultMode, content });
    else if (!source.optional) return { error: `${absent}: ${key}` };
  }
  return { files };
}
