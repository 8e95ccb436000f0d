/**
 * manifest: from the text of a manifest to typed objects and back. Owns what Kubernetes 1.26 reads (JSON and YAML 1.1
 * scalars, Go's decoding rules and words), strict reading with hints for standalone objects, and static pods as the
 * kubelet makes them. Refuses YAML syntax (host parses it into nodes), defaults and rules of pods (core/pod).
 */
export type { DecodeIssue } from "./decode-issue.ts";
export { type DecodedManifest, type DecodedObject, decodeManifest } from "./decode-manifest.ts";
export { encodeStruct } from "./encode-struct.ts";
export type { ManifestNode } from "./manifest-node.ts";
export { readStaticPod, readStaticPods, type StaticPodResult } from "./static-manifest.ts";
export { validateConfigMap, validateSecret } from "./validate-config.ts";
