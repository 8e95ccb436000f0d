import { jsonWord } from "./decode-scalar.ts";
import type { ManifestNode } from "./manifest-node.ts";
import { toGoJson } from "./plain.ts";

/** What a document says it is, or Kubernetes' words why that cannot be told. */
export type TypeMeta = { readonly apiVersion: string; readonly kind: string } | { readonly error: string };

const GO_TYPE = `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
const NAMES: ReadonlyMap<string, "apiVersion" | "kind"> = new Map([
  ["apiversion", "apiVersion"],
  ["kind", "kind"],
]);

/**
 * Reads apiVersion and kind. Key case does not matter here, as for the reference. `body` is the document's JSON text for
 * the message; absent: written from the node.
 * Source: runtime/serializer/json SimpleMetaFactory.Interpret and Serializer.Decode.
 */
export function typeMetaOf(node: ManifestNode, body?: string): TypeMeta {
  const found = { apiVersion: "", kind: "" };
  let failure: string | undefined;
  if (node.kind === "map") {
    for (const entry of node.entries) {
      const name = NAMES.get(entry.key.toLowerCase());
      if (name === undefined || entry.value.kind === "null") continue;
      if (entry.value.kind === "string") found[name] = entry.value.value;
      else failure ??= `${jsonWord(entry.value)} into Go struct field .${name} of type string`;
    }
  } else if (node.kind !== "null") {
    failure = `${jsonWord(node)} into Go value of type ${GO_TYPE}`;
  }
  if (failure !== undefined) {
    return { error: `couldn't get version/kind; json parse error: json: cannot unmarshal ${failure}` };
  }
  if (found.apiVersion.split("/").length > 2) {
    return { error: `unexpected GroupVersion string: ${found.apiVersion}` };
  }
  if (found.kind === "") return { error: `Object 'Kind' is missing in '${body ?? toGoJson(node)}'` };
  if (found.apiVersion === "" || found.apiVersion === "/") {
    return { error: `Object 'apiVersion' is missing in '${body ?? toGoJson(node)}'` };
  }
  return found;
}
