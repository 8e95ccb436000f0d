/** What the flags of `run` mean: fields of the configuration that they replace, and options that only flags have. */
import { resolve } from "node:path";
import type { FlagSetting, Json, Origin } from "../core/config/index.ts";
import { labelValueErrors, qualifiedNameErrors } from "../core/pod/validation/names.ts";
import type { ConfigurationFlags } from "./flags.ts";
import { flagName } from "./flags-parse.ts";

/** What the kubelet has as flags only. Paths are absolute. */
export interface NodeOptions {
  readonly rootDir: string;
  readonly certDir: string;
  /** Absent: the host's name. */
  readonly hostnameOverride?: string;
  /** Absent: the address of the default route. */
  readonly nodeIps?: readonly string[];
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** Absent: no control plane. */
  readonly kubeconfig?: string;
  readonly bootstrapKubeconfig?: string;
  readonly imageCredentialProviderConfig?: string;
  readonly imageCredentialProviderBinDir?: string;
}

export interface NodeOptionsResult {
  readonly options: NodeOptions;
  /** Option -> where it came from. */
  readonly origins: Readonly<Partial<Record<keyof NodeOptions, Origin>>>;
}

/** The flag that sets an option, with its dashes. */
export function optionFlag(option: keyof NodeOptions): string {
  return flagName(option === "nodeIps" ? "nodeIp" : option);
}

export const defaultRootDir = "/var/lib/tskubelet";

/** Fields that flags set; relative paths are taken from `cwd`. A text is what is wrong with a flag. */
export function flagSettings(flags: ConfigurationFlags, cwd: string): readonly FlagSetting[] | string {
  const settings: FlagSetting[] = [];
  const set = (part: FlagSetting["part"], path: readonly string[], value: Json | undefined, key: string) => {
    if (value !== undefined) settings.push({ part, path, value, flag: flagName(key) });
  };
  const path = (value: string | undefined) => (value === undefined || value === "" ? value : resolve(cwd, value));
  const { registerWithTaints: written } = flags;
  set("kubelet", ["staticPodPath"], path(flags.podManifestPath), "podManifestPath");
  set("kubelet", ["containerRuntimeEndpoint"], endpoint(flags.containerRuntimeEndpoint), "containerRuntimeEndpoint");
  set("kubelet", ["registerNode"], flags.registerNode, "registerNode");
  const taints = written.map(parseTaint);
  const wrong = taints.indexOf(undefined);
  if (wrong >= 0) return `flag --register-with-taints: ${JSON.stringify(written[wrong])}: expected KEY=VALUE:EFFECT`;
  const known = taints.filter((taint) => taint !== undefined);
  set("kubelet", ["registerWithTaints"], known.length === 0 ? undefined : known, "registerWithTaints");
  set("kubelet", ["logging", "verbosity"], flags.v, "v");
  set("tskubelet", ["manifestsPath"], path(flags.manifests), "manifests");
  set("tskubelet", ["stopPodsOnExit"], flags.stopPodsOnExit, "stopPodsOnExit");
  return settings;
}

/** Options that only flags have, defaults filled; a text is what is wrong with a flag. */
export function nodeOptions(flags: ConfigurationFlags, cwd: string): NodeOptionsResult | string {
  const labels = parseLabels(flags.nodeLabels);
  if (typeof labels === "string") return labels;
  const rootDir = resolve(cwd, flags.rootDir ?? defaultRootDir);
  const path = (value: string | undefined) => (value === undefined || value === "" ? undefined : resolve(cwd, value));
  const nodeIps = flags.nodeIp?.split(",").filter((ip) => ip !== "");
  const options: NodeOptions = {
    rootDir,
    certDir: path(flags.certDir) ?? resolve(rootDir, "pki"),
    nodeLabels: labels,
    ...given("hostnameOverride", flags.hostnameOverride?.toLowerCase().trim() || undefined),
    ...given("nodeIps", nodeIps === undefined || nodeIps.length === 0 ? undefined : nodeIps),
    ...given("kubeconfig", path(flags.kubeconfig)),
    ...given("bootstrapKubeconfig", path(flags.bootstrapKubeconfig)),
    ...given("imageCredentialProviderConfig", path(flags.imageCredentialProviderConfig)),
    ...given("imageCredentialProviderBinDir", path(flags.imageCredentialProviderBinDir)),
  };
  return { options, origins: optionOrigins(flags) };
}

function optionOrigins(flags: ConfigurationFlags): NodeOptionsResult["origins"] {
  const origin = (key: keyof ConfigurationFlags): Origin => {
    const value = flags[key];
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined;
    return isGiven ? { kind: "flag", flag: flagName(key) } : { kind: "default" };
  };
  return {
    rootDir: origin("rootDir"),
    certDir: origin("certDir"),
    hostnameOverride: origin("hostnameOverride"),
    nodeIps: origin("nodeIp"),
    nodeLabels: origin("nodeLabels"),
    kubeconfig: origin("kubeconfig"),
    bootstrapKubeconfig: origin("bootstrapKubeconfig"),
    imageCredentialProviderConfig: origin("imageCredentialProviderConfig"),
    imageCredentialProviderBinDir: origin("imageCredentialProviderBinDir"),
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

/** A bare path is a unix socket, as for crictl. */
function endpoint(written: string | undefined): string | undefined {
  return written?.startsWith("/") === true ? `unix://${written}` : written;
}

/** `key=value:Effect`, `key:Effect` or `key=:Effect`. */
function parseTaint(
  text: string,
): { readonly key: string; readonly value: string; readonly effect: string } | undefined {
  const match = /^([^=:]+)(?:=([^:]*))?:([^:]+)$/.exec(text);
  const [, key, value = "", effect] = match ?? [];
  return key === undefined || effect === undefined ? undefined : { key, value, effect };
}

function parseLabels(written: readonly string[]): Readonly<Record<string, string>> | string {
  const labels: Record<string, string> = {};
  for (const text of written) {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? "" : text.slice(equals + 1);
    if (equals < 0) return `flag --node-labels: ${JSON.stringify(text)}: expected KEY=VALUE`;
    const [problem] = [...qualifiedNameErrors(key), ...labelValueErrors(value)];
    if (problem !== undefined) return `flag --node-labels: ${JSON.stringify(text)}: ${problem}`;
    labels[key] = value;
  }
  return labels;
}
