/**
 * What an agent makes on its machine outside of its root directory depends on its configuration. It is noted in the root,
 * so that `down` finds all of it whatever flags it is given.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EffectiveConfiguration, usesEmbeddedRuntime } from "../../core/config/index.ts";

export interface Footprint {
  readonly embeddedRuntime: boolean;
  readonly containerRuntimeEndpoint: string;
  /** Absent: the network configuration is not the agent's. */
  readonly bridge?: string;
  readonly cgroupDriver: "cgroupfs" | "systemd";
  readonly cgroupRoot: string;
  readonly cgroupsPerQos: boolean;
  readonly podLogsDir: string;
}

export const FOOTPRINT_FILE = "footprint.json";

export function footprintOf(configuration: EffectiveConfiguration): Footprint {
  const { kubelet, tskubelet } = configuration;
  const embeddedRuntime = usesEmbeddedRuntime(configuration);
  return {
    embeddedRuntime,
    containerRuntimeEndpoint: kubelet.containerRuntimeEndpoint,
    ...(embeddedRuntime && tskubelet.network.writeConfig && { bridge: tskubelet.network.bridgeName }),
    cgroupDriver: kubelet.cgroupDriver,
    cgroupRoot: kubelet.cgroupRoot || "/",
    cgroupsPerQos: kubelet.cgroupsPerQOS,
    podLogsDir: kubelet.podLogsDir,
  };
}

export function writeFootprint(rootDir: string, configuration: EffectiveConfiguration): void {
  const path = join(rootDir, FOOTPRINT_FILE);
  const text = `${JSON.stringify(footprintOf(configuration), undefined, 2)}\n`;
  // Started again on a disk that is full the agent has nothing to write.
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** `undefined`: no agent ever ran there. */
export function readFootprint(rootDir: string): Footprint | undefined {
  const path = join(rootDir, FOOTPRINT_FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Footprint) : undefined;
}
