import { type Override, settleRuntime } from "../core/config/index.ts";
import { containerdPaths } from "../host/containerd/containerd-files.ts";
import type { ConfigurationFlags } from "./flags.ts";
import { type LoadedConfiguration, loadConfiguration } from "./load-configuration.ts";

/** A node that is alone belongs to whoever uses the machine: it shows itself on loopback, and swap may be on. */
const standaloneDefaults: readonly Override[] = [
  { part: "kubelet", path: ["readOnlyPort"], value: 10255, reason: "no control plane" },
  { part: "kubelet", path: ["address"], value: "127.0.0.1", reason: "no control plane" },
  { part: "kubelet", path: ["failSwapOn"], value: false, reason: "the machine does not belong to a cluster" },
];

/** No control plane: the agent runs what its own sources say. */
export function isStandalone(flags: Pick<ConfigurationFlags, "kubeconfig" | "bootstrapKubeconfig">): boolean {
  return (flags.kubeconfig ?? "") === "" && (flags.bootstrapKubeconfig ?? "") === "";
}

/** The configuration that `run` runs with, and that `check-config` shows and `down` cleans up after. */
export async function loadRunConfiguration(flags: ConfigurationFlags, cwd: string): Promise<LoadedConfiguration> {
  const overrides = isStandalone(flags) ? standaloneDefaults : [];
  const loaded = await loadConfiguration(flags, { cwd, overrides });
  if ("problems" in loaded) return loaded;
  const settled = settleRuntime(loaded.configuration, `unix://${containerdPaths(loaded.node.options.rootDir).socket}`);
  return "problems" in settled ? settled : { ...loaded, ...settled };
}
