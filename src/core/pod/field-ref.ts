/**
 * Values of `fieldRef`: apis/core/pods ConvertDownwardAPIFieldLabel, pkg/fieldpath, kubelet_pods.go
 * podFieldSelectorRuntimeValue.
 */
import { goQuote } from "../api/go-quote.ts";
import type { Pod } from "../api/types.ts";
import { sortPodIps } from "./status-ips.ts";
import { qualifiedNameErrors } from "./validation/names.ts";

/** A value as text, or why there is none (text of CreateContainerConfigError). */
export type FieldValue = { readonly value: string } | { readonly error: string };

/** The pod and the addresses that its status does not have yet. */
export interface FieldContext {
  readonly pod: Pod;
  /** As the runtime reports them; empty before the sandbox has an address. */
  readonly podIps: readonly string[];
  /** The node's addresses, primary first. */
  readonly hostIps: readonly string[];
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

/** `apiVersion` "" is not v1: defaulting sets it before a pod gets here. */
export function fieldValue(apiVersion: string, fieldPath: string, context: FieldContext): FieldValue {
  if (apiVersion !== "v1") return { error: `unsupported pod version: ${apiVersion}` };
  const subscripted = splitSubscript(fieldPath);
  if (subscripted !== undefined) return subscriptValue(fieldPath, subscripted, context.pod);
  // Clients of long ago wrote spec.host.
  const path = fieldPath === "spec.host" ? "spec.nodeName" : fieldPath;
  if (!KNOWN_FIELDS.has(path)) return { error: `field label not supported: ${fieldPath}` };
  const value = runtimeValue(path, context) ?? metadataValue(path, context.pod);
  return value === undefined ? { error: `unsupported fieldPath: ${path}` } : { value };
}

function runtimeValue(path: string, { pod, podIps, hostIps }: FieldContext): string | undefined {
  switch (path) {
    case "spec.nodeName":
      return pod.spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    case "status.hostIP":
      return hostIps[0] ?? "";
    case "status.hostIPs":
      return hostIps.join(",");
    case "status.podIP":
      return sortPodIps(podIps, hostIps)[0] ?? "";
    case "status.podIPs":
      return sortPodIps(podIps, hostIps).join(",");
    default:
      return undefined;
  }
}

/** Value of a field that downward API volumes may name, too; `undefined`: it has no text form. */
export function metadataValue(path: string, pod: Pod): string | undefined {
  const { annotations = {}, labels = {}, name = "", namespace = "", uid = "" } = pod.metadata ?? {};
  switch (path) {
    case "metadata.annotations":
      return mapText(annotations);
    case "metadata.labels":
      return mapText(labels);
    case "metadata.name":
      return name;
    case "metadata.namespace":
      return namespace;
    case "metadata.uid":
      return uid;
    default:
      return undefined;
  }
}

/** Value of a field as a downward API volume shows it. Source: pkg/fieldpath ExtractFieldPathAsString. */
export function volumeFieldValue(fieldPath: string, pod: Pod): FieldValue {
  const subscripted = splitSubscript(fieldPath);
  if (subscripted !== undefined) return subscriptValue(fieldPath, subscripted, pod);
  const value = metadataValue(fieldPath, pod);
  return value === undefined ? { error: `unsupported fieldPath: ${fieldPath}` } : { value };
}

function mapText(map: Readonly<Record<string, string>>): string {
  const keys = Object.keys(map).sort();
  return keys.map((key) => `${key}=${goQuote(map[key] ?? "")}`).join("\n");
}

interface Subscript {
  readonly path: string;
  readonly key: string;
}

/** `path['key']` in its two parts. */
function splitSubscript(fieldPath: string): Subscript | undefined {
  const start = fieldPath.indexOf("['");
  if (!fieldPath.endsWith("']") || start <= 0 || start > fieldPath.length - 4) return undefined;
  return { path: fieldPath.slice(0, start), key: fieldPath.slice(start + 2, -2) };
}

function subscriptValue(fieldPath: string, { path, key }: Subscript, pod: Pod): FieldValue {
  if (path !== "metadata.annotations" && path !== "metadata.labels") {
    return { error: `field label does not support subscript: ${fieldPath}` };
  }
  const errors = qualifiedNameErrors(path === "metadata.annotations" ? key.toLowerCase() : key);
  if (errors.length > 0) return { error: `invalid key subscript in ${fieldPath}: ${errors.join(";")}` };
  const map = path === "metadata.annotations" ? pod.metadata?.annotations : pod.metadata?.labels;
  return { value: map?.[key] ?? "" };
}
