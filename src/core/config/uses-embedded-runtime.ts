import type { EffectiveConfiguration } from "./effective-configuration.ts";
import { isDefault, originOf } from "./origin.ts";

/** Whether the agent runs its own containerd: as set, else where nobody names a runtime endpoint. */
export function usesEmbeddedRuntime({ kubeletOrigins, tskubelet }: EffectiveConfiguration): boolean {
  return tskubelet.embeddedRuntime.enabled ?? isDefault(originOf(kubeletOrigins, ["containerRuntimeEndpoint"]));
}
