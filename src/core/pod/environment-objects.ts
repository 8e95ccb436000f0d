/** ConfigMaps and Secrets as sources of environment variables. */
import type { ConfigMap, Secret } from "../api/types.ts";
import { decodeBase64 } from "../volume/base64.ts";

/** An object, or why it is not to be had, in the words of its source (`configmap "x" not found`). */
export type ObjectLookup<T> = { readonly object: T } | { readonly notFound: boolean; readonly error: string };

/** Objects of the pod's namespace by name. */
export interface EnvironmentObjects {
  configMap(name: string): ObjectLookup<ConfigMap>;
  secret(name: string): ObjectLookup<Secret>;
}

/** Kind-independent view: all values as text. `skipped`: an optional object that is not there. */
export type KeyValues =
  | { readonly values: ReadonlyMap<string, string> }
  | { readonly skipped: true }
  | { readonly error: string };

/** A ConfigMap or Secret that a variable names. */
export interface ObjectReference {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  readonly optional: boolean;
}

/** The keys of an object as texts; base64 of secrets is decoded. */
export function keyValues(reference: ObjectReference, objects: EnvironmentObjects): KeyValues {
  const { kind, name, optional } = reference;
  const found = kind === "ConfigMap" ? objects.configMap(name) : objects.secret(name);
  if ("error" in found) return found.notFound && optional ? { skipped: true } : { error: found.error };
  const data = Object.entries(found.object.data ?? {});
  const text = new TextDecoder();
  const plain = (value: string) => (kind === "Secret" ? text.decode(decodeBase64(value)) : value);
  return { values: new Map(data.map(([key, value]) => [key, plain(value)])) };
}

/** What the kubelet's own cache says about an object that is not there. */
export function notFoundText(kind: "configmap" | "secret", name: string): string {
  return `${kind} "${name}" not found`;
}
