/** What this machine has to say about the configuration before anything is started. */
import { type KubeletConfiguration, machineObjections } from "../../core/config/index.ts";
import { planKernelSettings, wantedKernelSettings } from "../../core/config/kernel-settings.ts";
import { readKernelSettings, writeKernelSetting } from "../../host/machine/kernel-settings.ts";
import { readSwapIsOn } from "../../host/machine/read-swap.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import { MachineUnfit } from "./machine-unfit.ts";

export interface MachineCheckInput {
  readonly config: KubeletConfiguration;
  readonly cgroupVersion: 1 | 2;
  readonly standalone: boolean;
  readonly log: Log;
}

/** Rejects with MachineUnfit where the configuration forbids to run here; sets the kernel as a cluster's node needs it. */
export async function checkMachine({ config, cgroupVersion, standalone, log }: MachineCheckInput): Promise<void> {
  const swapIsOn = await readSwapIsOn();
  const current = await readKernelSettings(Object.keys(wantedKernelSettings));
  const { protectKernelDefaults } = config;
  const plan = planKernelSettings({ current, protectKernelDefaults, standalone });
  const objections = [...machineObjections(config, { cgroupV1: cgroupVersion === 1, swapIsOn }), ...plan.objections];
  if (objections.length > 0) throw new MachineUnfit(objections.join("; "));
  for (const [name, value] of Object.entries(plan.change)) await change(name, value, current[name] ?? "", log);
}

/** Differs: the kubelet does not start where the kernel refuses; pods run without these settings too. */
async function change(name: string, value: string, before: string, log: Log): Promise<void> {
  try {
    await writeKernelSetting(name, value);
    log.info("kernel setting changed", { name, value, before });
  } catch (error) {
    log.warn("kernel setting not changed", { name, value, before, reason: errorMessage(error) });
  }
}
