import { encodeStruct } from "../../../src/core/manifest/encode-struct.ts";
import { readStaticPod, type StaticPodResult } from "../../../src/core/manifest/static-manifest.ts";
import { CONFIG_HASH_ANNOTATION } from "../../../src/core/pod/static-pod.ts";
import { readFirstDocument } from "../../../src/host/files/manifest-text.ts";
import type { Topic } from "../case.ts";

export interface StaticPodInput {
  readonly manifest: string;
  readonly path: string;
  readonly nodeName: string;
}

export function readManifest(input: StaticPodInput): StaticPodResult {
  const document = readFirstDocument(input.manifest);
  if ("error" in document) return document;
  const source = { nodeName: input.nodeName, location: input.path, isFile: true, rules: "reference" as const };
  return readStaticPod(document.node, source, document.body);
}

interface PodJson {
  readonly metadata: { readonly uid?: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** The UID and its annotation are made in another way here: left out of the comparison, as the format allows. */
function withoutUid(pod: object): object {
  const { metadata, ...rest } = pod as PodJson;
  const { uid: _uid, annotations, ...kept } = metadata;
  const { [CONFIG_HASH_ANNOTATION]: _hash, ...others } = annotations ?? {};
  return { ...rest, metadata: { ...kept, annotations: others } };
}

/** What the format writes in place of a dump of an object that is no pod. */
function withoutDump(error: string): string {
  return error.replace(/^invalid pod: [^[].*$/, "invalid pod: <dump of the decoded object>");
}

export const topic: Topic = ({ input, expected }) => {
  const result = readManifest(input as StaticPodInput);
  const expectation = expected as { readonly pod?: object };
  const actual =
    "pod" in result ? { pod: withoutUid(encodeStruct(result.pod, "Pod")) } : { error: withoutDump(result.error) };
  return expectation.pod === undefined ? { actual } : { actual, expected: { pod: withoutUid(expectation.pod) } };
};
