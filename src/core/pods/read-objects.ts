/**
 * From the documents of one manifest file to the objects this node runs, defaulted and validated, and to everything
 * that is wrong with them: file, document, line, field.
 */
import type { ObjectMeta, Pod } from "../api/types.ts";
import { isCgroupSegment } from "../cgroup/names.ts";
import type { DecodeIssue } from "../manifest/decode-issue.ts";
import { type DecodedObject, decodeManifest } from "../manifest/decode-manifest.ts";
import { lineOfField } from "../manifest/field-line.ts";
import { entryOf, type ManifestNode } from "../manifest/manifest-node.ts";
import { readStaticPods } from "../manifest/static-manifest.ts";
import { validateConfigMap, validateSecret } from "../manifest/validate-config.ts";
import { validateRuntimeClass } from "../manifest/validate-runtime-class.ts";
import { validateStorageObject } from "../manifest/validate-storage.ts";
import { CONFIG_SOURCE_ANNOTATION } from "../pod/critical.ts";
import { defaultPod } from "../pod/defaults.ts";
import { standalonePod } from "../pod/standalone-pod.ts";
import type { FieldError } from "../pod/validation/field-error.ts";
import { validatePod } from "../pod/validation/validate-pod.ts";
import {
  type ManifestContent,
  type ManifestObject,
  type ManifestProblem,
  objectKey,
  objectName,
} from "./desired-state.ts";

/** One document of a file, or why its text is no document. `line` from 1; 0 when unknown. */
export type ManifestDocument = ManifestNode | { readonly error: string; readonly line: number };

export interface ManifestOrigin {
  readonly kind: "file" | "http" | "manifests";
  readonly path: string;
  readonly nodeName: string;
}

interface DocumentContent {
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

export function readObjects(documents: readonly ManifestDocument[], origin: ManifestOrigin): ManifestContent {
  const results = documents.map((document, index) => readDocument(document, index, origin));
  return {
    path: origin.path,
    objects: results.flatMap(({ objects }) => objects),
    problems: results.flatMap(({ problems }) => problems),
    unusable: documents.some((document) => "error" in document),
  };
}

function readDocument(document: ManifestDocument, index: number, origin: ManifestOrigin): DocumentContent {
  if ("error" in document) {
    const line = document.line > 0 ? { line: document.line } : {};
    return { objects: [], problems: [{ path: origin.path, document: index, ...line, message: document.error }] };
  }
  if (document.kind === "null") return { objects: [], problems: [] };
  return origin.kind === "manifests" ? readStandalone(document, index, origin) : readStatic(document, index, origin);
}

function readStandalone(node: ManifestNode, index: number, origin: ManifestOrigin): DocumentContent {
  const { objects, issues } = decodeManifest(node);
  const problemOf = (issue: DecodeIssue): ManifestProblem => issueProblem(node, index, origin, issue);
  const results = objects.map((object) => complete(object, node, index, origin));
  return {
    objects: results.flatMap((result) => result.objects),
    problems: [...issues.map(problemOf), ...results.flatMap((result) => result.problems)],
  };
}

function complete(decoded: DecodedObject, node: ManifestNode, index: number, origin: ManifestOrigin): DocumentContent {
  const { object, errors } = checked(decoded, origin);
  const subject = objectKey(object);
  const problems = errors.map((error) => validationProblem(error, node, index, origin, subject));
  return problems.length === 0 ? good(object) : { objects: [], problems };
}

interface CheckedObject {
  readonly object: ManifestObject;
  readonly errors: readonly FieldError[];
}

function checked(decoded: DecodedObject, origin: ManifestOrigin): CheckedObject {
  switch (decoded.kind) {
    case "ConfigMap": {
      const object = withNamespace(decoded.configMap);
      return { object: { kind: "ConfigMap", object }, errors: validateConfigMap(object) };
    }
    case "Secret": {
      const object = withNamespace(decoded.secret);
      return { object: { kind: "Secret", object }, errors: validateSecret(object) };
    }
    case "RuntimeClass": {
      const object = decoded.runtimeClass;
      return { object: { kind: "RuntimeClass", object }, errors: validateRuntimeClass(object) };
    }
    case "Pod": {
      const object = standalonePod(defaultPod(decoded.pod), decoded.pod, origin);
      const errors = [...uidErrors(object), ...validatePod(object, { ephemeralContainers: true })];
      return { object: { kind: "Pod", object }, errors };
    }
    case "PersistentVolumeClaim": {
      const object = { kind: decoded.kind, object: withNamespace(decoded.object) } as const;
      return { object, errors: validateStorageObject(object) };
    }
    default: {
      const { line: _, ...object } = decoded;
      return { object, errors: validateStorageObject(object) };
    }
  }
}

function withNamespace<T extends { readonly metadata?: ObjectMeta }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace: object.metadata?.namespace || "default" } };
}

/** A UID becomes part of directory and cgroup names. */
function uidErrors(pod: Pod): readonly FieldError[] {
  const uid = pod.metadata?.uid ?? "";
  if (isCgroupSegment(uid)) return [];
  const detail = "must be usable as a directory and cgroup name: no '/' and no '_'";
  const field = "metadata.uid";
  const text = `${field}: Invalid value: ${JSON.stringify(uid)}: ${detail}`;
  return [{ type: "FieldValueInvalid", field, badValue: uid, detail, text }];
}

function good(object: ManifestObject): DocumentContent {
  return { objects: [object], problems: [] };
}

function readStatic(node: ManifestNode, index: number, origin: ManifestOrigin): DocumentContent {
  const source = { nodeName: origin.nodeName, location: origin.path, isFile: origin.kind === "file" };
  const result = readStaticPods(node, source);
  if ("pods" in result) {
    const objects = result.pods.map((pod): ManifestObject => ({ kind: "Pod", object: withSource(pod, origin.kind) }));
    return { objects, problems: [] };
  }
  const subject = `Pod ${nameIn(node, "namespace") || "default"}/${nameIn(node, "name")}-${origin.nodeName.toLowerCase()}`;
  if (result.errors !== undefined) {
    return {
      objects: [],
      problems: result.errors.map((error) => validationProblem(error, node, index, origin, subject)),
    };
  }
  const [issue] = result.issues ?? [];
  if (issue !== undefined) return { objects: [], problems: [issueProblem(node, index, origin, issue)] };
  const { line } = node;
  return { objects: [], problems: [{ path: origin.path, document: index, line, subject, message: result.error }] };
}

function withSource(pod: Pod, source: string): Pod {
  const { metadata } = pod;
  return {
    ...pod,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, [CONFIG_SOURCE_ANNOTATION]: source } },
  };
}

function issueProblem(
  node: ManifestNode,
  index: number,
  origin: ManifestOrigin,
  { field, line, text, hint }: DecodeIssue,
): ManifestProblem {
  const kind = node.kind === "map" ? textOf(entryOf(node, "kind")?.value) : "";
  const name = nameIn(node, "name");
  return {
    path: origin.path,
    document: index,
    line,
    ...(field !== "" && { field }),
    ...(name !== "" && { subject: objectName(kind, nameIn(node, "namespace"), name) }),
    message: hint === undefined ? text : `${text} (${hint})`,
  };
}

function validationProblem(
  error: FieldError,
  node: ManifestNode,
  index: number,
  origin: ManifestOrigin,
  subject: string,
): ManifestProblem {
  const { path } = origin;
  return {
    path,
    document: index,
    line: lineOfField(node, error.field),
    field: error.field,
    subject,
    message: error.text,
  };
}

function nameIn(node: ManifestNode, field: "name" | "namespace"): string {
  const metadata = node.kind === "map" ? entryOf(node, "metadata")?.value : undefined;
  return metadata?.kind === "map" ? textOf(entryOf(metadata, field)?.value) : "";
}

function textOf(node: ManifestNode | undefined): string {
  return node?.kind === "string" ? node.value : "";
}
