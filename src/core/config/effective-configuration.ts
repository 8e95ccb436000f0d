/**
 * The configuration that holds, from every source, with the origin of each value: base file, defaults, drop-ins in
 * order, defaults again, flags, then the overrides of the composition root where nobody set a value. The two rounds of
 * defaults are the kubelet's: a drop-in merges over the defaulted base, so `evictionHard` in a drop-in adds to the
 * default thresholds, while in the base file it replaces them.
 */

import { decodeStruct, isObject } from "./decode.ts";
import { fillDerivedDefaults, fillGatedDefaults } from "./derived-defaults.ts";
import { hint } from "./did-you-mean.ts";
import type { Fields, Json } from "./field.ts";
import { type KubeletConfiguration, kubeletApiVersion, kubeletFields, kubeletKind } from "./kubelet-fields.ts";
import { type Draft, emptyDraft, fillDefaults, mergeOver, setValue, valueAt } from "./layers.ts";
import { isDefault, type Origin, type Origins, setOrigin } from "./origin.ts";
import { formatPath, type Path } from "./path.ts";
import type { Problem } from "./problem.ts";
import { resolveRelativePaths } from "./relative-paths.ts";
import {
  type TskubeletConfiguration,
  tskubeletApiVersion,
  tskubeletFields,
  tskubeletKind,
} from "./tskubelet-fields.ts";
import { validateKubelet } from "./validate-kubelet.ts";

export interface EffectiveConfiguration {
  readonly kubelet: KubeletConfiguration;
  readonly tskubelet: TskubeletConfiguration;
  readonly kubeletOrigins: Origins;
  readonly tskubeletOrigins: Origins;
}

/** One parsed document of a file; the shape of `ParsedDocument` of the manifest parser. */
export interface ConfigurationDocument {
  readonly value: unknown;
  lineOf(path: Path): number | undefined;
}

export interface ConfigurationFile {
  /** Absolute path. */
  readonly file: string;
  readonly documents: readonly ConfigurationDocument[];
}

export type ConfigurationPart = "kubelet" | "tskubelet";

/** A value for one field; replaces what files say. */
export interface FlagSetting {
  readonly part: ConfigurationPart;
  readonly path: readonly string[];
  readonly value: Json;
  /** With its dashes, for messages. */
  readonly flag: string;
}

/** A default of the composition root (a node that is alone): holds where no file and no flag sets the field. */
export interface Override {
  readonly part: ConfigurationPart;
  readonly path: readonly string[];
  readonly value: Json;
  readonly reason?: string;
}

export interface ConfigurationInput {
  readonly base?: ConfigurationFile;
  /** In the order in which they are merged. */
  readonly dropIns?: readonly ConfigurationFile[];
  /** In the order of the command line; a later one wins. */
  readonly flags?: readonly FlagSetting[];
  readonly overrides?: readonly Override[];
}

export type ConfigurationResult =
  | { readonly configuration: EffectiveConfiguration }
  /** Never empty. */
  | { readonly problems: readonly Problem[] };

const parts = {
  kubelet: { apiVersion: kubeletApiVersion, kind: kubeletKind, fields: kubeletFields },
  tskubelet: { apiVersion: tskubeletApiVersion, kind: tskubeletKind, fields: tskubeletFields },
} as const satisfies Record<ConfigurationPart, { apiVersion: string; kind: string; fields: Fields }>;

/** Puts the configuration together; every problem of every file is reported, those of the whole only when all decode. */
export function effectiveConfiguration(input: ConfigurationInput): ConfigurationResult {
  const problems: Problem[] = [];
  const drafts: Drafts = { kubelet: emptyDraft(), tskubelet: emptyDraft() };
  if (input.base !== undefined) mergeFile(drafts, input.base, "file", problems);
  fillBoth(drafts);
  for (const dropIn of input.dropIns ?? []) mergeFile(drafts, dropIn, "drop-in", problems);
  fillBoth(drafts);
  for (const setting of input.flags ?? []) applyFlag(drafts, setting, problems);
  if (problems.length > 0) return { problems };
  for (const { part, path, value, reason } of input.overrides ?? []) {
    if (!isDefault(setOrigin(drafts[part].origins, path))) continue;
    const origin: Origin = { kind: "standalone default", ...(reason === undefined ? {} : { reason }) };
    drafts[part] = setValue(drafts[part], path, value, origin);
  }
  drafts.kubelet = fillGatedDefaults(drafts.kubelet);
  fillBoth(drafts);
  const configuration = complete(drafts);
  const objections = validateKubelet(configuration.kubelet).map(({ at, message }): Problem => {
    return { code: "invalid", path: formatPath(at), message, origin: setOrigin(drafts.kubelet.origins, at) };
  });
  return objections.length > 0 ? { problems: objections } : { configuration };
}

type Drafts = Record<ConfigurationPart, Draft>;

function mergeFile(
  drafts: Drafts,
  { file, documents }: ConfigurationFile,
  kind: "file" | "drop-in",
  problems: Problem[],
): void {
  const seen = new Set<ConfigurationPart>();
  for (const document of documents) {
    const originAt = (at: Path): Origin => {
      const line = document.lineOf(at);
      return { kind, file, ...(line === undefined ? {} : { line }) };
    };
    const part = partOf(document.value);
    if (typeof part === "object") {
      problems.push({ code: "unknownKind", path: "", message: part.message, origin: originAt(part.at) });
      continue;
    }
    if (seen.has(part)) {
      const message = `a second ${parts[part].kind} in one file`;
      problems.push({ code: "unknownKind", path: "", message, origin: originAt([]) });
      continue;
    }
    seen.add(part);
    const decoded = decodeStruct(document.value, parts[part].fields, ["apiVersion", "kind"]);
    const inOrder = decoded.problems.toSorted((a, b) => (document.lineOf(a.at) ?? 0) - (document.lineOf(b.at) ?? 0));
    for (const { code, at, message } of inOrder) {
      const text = `${message}${otherPart(part, code, at)}`;
      problems.push({ code, path: formatPath(at), message: text, origin: originAt(at) });
    }
    drafts[part] = mergeOver(drafts[part], resolveRelativePaths(decoded.value, file), originAt);
  }
}

function applyFlag(drafts: Drafts, { part, path, value, flag }: FlagSetting, problems: Problem[]): void {
  const origin: Origin = { kind: "flag", flag };
  const decoded = decodeStruct(nested(path, value), parts[part].fields, []);
  for (const { code, message } of decoded.problems) problems.push({ code, path: "", message, origin });
  const known = valueAt(decoded.value, path);
  if (known !== undefined) drafts[part] = setValue(drafts[part], path, known, origin);
}

/** Which table a document belongs to, or what is wrong with its apiVersion and kind. */
function partOf(value: unknown): ConfigurationPart | { readonly at: Path; readonly message: string } {
  if (!isObject(value)) return { at: [], message: "expected a KubeletConfiguration, a mapping" };
  const { apiVersion, kind } = value;
  const known = Object.values(parts).map((part) => `${part.apiVersion} ${part.kind}`);
  if (apiVersion === undefined || kind === undefined) {
    const missing = apiVersion === undefined ? "apiVersion" : "kind";
    return { at: [], message: `no ${missing}; expected one of: ${known.join(", ")}` };
  }
  if (apiVersion === kubeletApiVersion && kind === kubeletKind) return "kubelet";
  if (apiVersion === tskubeletApiVersion && kind === tskubeletKind) return "tskubelet";
  const near = hint(`${apiVersion} ${kind}`, known, (text) => text);
  const message = `unknown apiVersion and kind: ${JSON.stringify(apiVersion)} ${JSON.stringify(kind)}${near}`;
  return { at: [Object.values(parts).some((part) => part.apiVersion === apiVersion) ? "kind" : "apiVersion"], message };
}

function otherPart(part: ConfigurationPart, code: Problem["code"], at: Path): string {
  const other = parts[part === "kubelet" ? "tskubelet" : "kubelet"];
  const [name] = at;
  if (code !== "unknownField" || at.length !== 1 || typeof name !== "string") return "";
  return Object.hasOwn(other.fields, name) ? `; it belongs to ${other.kind} ${other.apiVersion}` : "";
}

function fillBoth(drafts: Drafts): void {
  drafts.kubelet = fillDefaults(fillDerivedDefaults(drafts.kubelet), kubeletFields);
  drafts.tskubelet = fillDefaults(drafts.tskubelet, tskubeletFields);
}

function complete({ kubelet, tskubelet }: Drafts): EffectiveConfiguration {
  return {
    // decodeStruct and fillDefaults made them from the very tables that these types are computed from.
    kubelet: kubelet.value as unknown as KubeletConfiguration,
    tskubelet: tskubelet.value as unknown as TskubeletConfiguration,
    kubeletOrigins: kubelet.origins,
    tskubeletOrigins: tskubelet.origins,
  };
}

function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
}
