/**
 * The configuration of credential provider plugins: kubelet.config.k8s.io CredentialProviderConfig, one file or several.
 * Source: kubelet credentialprovider/plugin/config.go; texts of the objections are the kubelet's where it has some.
 */
import { decodeStruct, isObject } from "../config/decode.ts";
import { didYouMean } from "../config/did-you-mean.ts";
import {
  objectList,
  optionalBoolean,
  optionalDuration,
  optionalObject,
  string,
  stringList,
  used,
  type Values,
} from "../config/field.ts";
import { parseGoDuration } from "../config/go-duration.ts";
import { formatPath, type Path } from "../config/path.ts";
import { parseRegistryPattern } from "./registry-pattern.ts";

export interface CredentialProvider {
  /** Of the program in the directory of the plugins. */
  readonly name: string;
  /** Patterns of registries, or parts of them, that it has credentials for. */
  readonly matchImages: readonly string[];
  /** How long its answers count that do not say it themselves; 0: for the one pull. */
  readonly defaultCacheMs: number;
  /** credentialprovider.kubelet.k8s.io/VERSION that it speaks. */
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** `at`: the field that is to blame; `message` is complete. */
export interface ProviderObjection {
  readonly at: Path;
  readonly message: string;
}

export type CredentialProviders =
  | { readonly providers: readonly CredentialProvider[] }
  | { readonly objections: readonly ProviderObjection[] };

const CONFIG_VERSIONS = ["kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1", "kubelet.config.k8s.io/v1alpha1"];
const PLUGIN_GROUP = "credentialprovider.kubelet.k8s.io";
const PLUGIN_VERSIONS = ["v1", "v1alpha1", "v1beta1"].map((version) => `${PLUGIN_GROUP}/${version}`);

const tokenAttributeFields = {
  serviceAccountTokenAudience: string("", used, ""),
  cacheType: string("", used, ""),
  requireServiceAccount: optionalBoolean(used, ""),
  requiredServiceAccountAnnotationKeys: stringList([], used, ""),
  optionalServiceAccountAnnotationKeys: stringList([], used, ""),
};
const providerFields = {
  name: string("", used, ""),
  matchImages: stringList([], used, ""),
  defaultCacheDuration: optionalDuration(used, ""),
  apiVersion: string("", used, ""),
  args: stringList([], used, ""),
  env: objectList({ name: string("", used, ""), value: string("", used, "") }, used, ""),
  tokenAttributes: optionalObject(tokenAttributeFields, used, ""),
};
const configFields = { providers: objectList(providerFields, used, "") };

type WrittenProvider = Partial<Values<typeof providerFields>>;

/** One document of a file. */
export function credentialProviders(document: unknown): CredentialProviders {
  if (!isObject(document)) return refused([], "expected a CredentialProviderConfig");
  const { kind, apiVersion } = document;
  if (kind !== "CredentialProviderConfig") {
    return refused(["kind"], `expected kind CredentialProviderConfig, got ${JSON.stringify(kind ?? "")}`);
  }
  if (typeof apiVersion !== "string" || !CONFIG_VERSIONS.includes(apiVersion)) {
    const near = typeof apiVersion === "string" ? didYouMean(apiVersion, CONFIG_VERSIONS) : undefined;
    const expected = near === undefined ? CONFIG_VERSIONS.join(", ") : near;
    return refused(["apiVersion"], `unknown apiVersion ${JSON.stringify(apiVersion ?? "")}, expected ${expected}`);
  }
  const { value, problems } = decodeStruct(document, configFields, ["apiVersion", "kind"]);
  if (problems.length > 0) return { objections: problems };
  const written = (value as { readonly providers?: readonly WrittenProvider[] }).providers ?? [];
  if (written.length === 0)
    return refused(["providers"], "providers: Required value: at least 1 item in plugins is required");
  const objections = written.flatMap((provider, index) => validate(provider, ["providers", index]));
  return objections.length > 0 ? { objections } : { providers: written.map(providerOf) };
}

/** Names that occur twice, over all files. */
export function repeatedProviders(providers: readonly CredentialProvider[]): readonly string[] {
  const names = providers.map(({ name }) => name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function refused(at: Path, message: string): CredentialProviders {
  return { objections: [{ at, message }] };
}

function validate(provider: WrittenProvider, path: Path): readonly ProviderObjection[] {
  const { name = "", apiVersion = "", matchImages = [], defaultCacheDuration, tokenAttributes } = provider;
  const objections: ProviderObjection[] = [];
  const object = (field: string | number, message: string, inner: Path = []) => {
    const at = [...path, field, ...inner];
    objections.push({ at, message: `${formatPath(at)}: ${message}` });
  };
  const invalid = (field: string, value: unknown, why: string, inner: Path = []) => {
    object(field, `Invalid value: ${JSON.stringify(value)}: ${why}`, inner);
  };
  if (name === "") object("name", "Required value");
  if (name.includes("/")) invalid("name", name, "provider name cannot contain '/'");
  if (name.includes(" ")) invalid("name", name, "provider name cannot contain spaces");
  if (name === "." || name === "..") invalid("name", name, `provider name cannot be '${name}'`);
  if (apiVersion === "") object("apiVersion", `Required value: supported values: ${PLUGIN_VERSIONS.join(", ")}`);
  else if (!PLUGIN_VERSIONS.includes(apiVersion)) {
    const supported = PLUGIN_VERSIONS.map((version) => JSON.stringify(version)).join(", ");
    object("apiVersion", `Unsupported value: ${JSON.stringify(apiVersion)}: supported values: ${supported}`);
  }
  if (matchImages.length === 0) object("matchImages", "Required value: at least 1 item in matchImages is required");
  for (const [index, pattern] of matchImages.entries()) {
    if (parseRegistryPattern(pattern) === undefined) {
      invalid("matchImages", pattern, "match image is invalid: it is no host with an optional port and path", [index]);
    }
  }
  if (defaultCacheDuration === undefined) object("defaultCacheDuration", "Required value");
  else if ((parseGoDuration(defaultCacheDuration) ?? 0) < 0) {
    invalid("defaultCacheDuration", defaultCacheDuration, "defaultCacheDuration must be greater than or equal to 0");
  }
  if (tokenAttributes !== undefined) {
    const gate = "KubeletServiceAccountTokenForCredentialProviders";
    object("tokenAttributes", `Forbidden: tokenAttributes is not supported when ${gate} feature gate is disabled`);
  }
  return objections;
}

function providerOf(written: WrittenProvider): CredentialProvider {
  const { name = "", matchImages = [], defaultCacheDuration = "0s", apiVersion = "", args = [], env = [] } = written;
  return {
    name,
    matchImages,
    defaultCacheMs: (parseGoDuration(defaultCacheDuration) ?? 0) / 1e6,
    apiVersion,
    args,
    env: Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? ""])),
  };
}
