import { formatProblem } from "../../core/config/index.ts";
import { configuredPolicy, type ReplayOptions } from "../../core/eviction/index.ts";
import { ClientError } from "../client/client-error.ts";
import { parseFlags } from "../flags-parse.ts";
import { configurationFlags } from "../flags-specs.ts";
import { loadConfiguration } from "../load-configuration.ts";

/** What a configuration file says of eviction, in place of a scenario's own. */
export async function readOtherPolicy(file: string, cwd: string): Promise<Omit<ReplayOptions, "adjust">> {
  const parsed = parseFlags(["--config", file], configurationFlags);
  if (typeof parsed === "string") throw new ClientError(parsed);
  const loaded = await loadConfiguration(parsed.flags, { cwd });
  if ("problems" in loaded) throw new ClientError(loaded.problems.map(formatProblem).join("\n"));
  const { kubelet, tskubelet } = loaded.configuration;
  return { kubeletConfiguration: kubelet, policy: configuredPolicy(tskubelet.eviction), knowsContainerFs: true };
}
