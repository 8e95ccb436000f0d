import type { ConfigurationResult, EffectiveConfiguration } from "./effective-configuration.ts";
import { isDefault, type Origin, originOf } from "./origin.ts";
import { usesEmbeddedRuntime } from "./uses-embedded-runtime.ts";

const ENDPOINT = "containerRuntimeEndpoint";
const byEmbedded: Origin = { kind: "standalone default", reason: "the embedded containerd" };

/**
 * The configuration with the runtime that is used written into it: `embeddedRuntime.enabled` is set, and
 * `containerRuntimeEndpoint` is `embeddedEndpoint` where the agent runs its own containerd. A problem where a file or
 * flag names another endpoint and the embedded containerd too: one of the two would be without effect.
 */
export function settleRuntime(config: EffectiveConfiguration, embeddedEndpoint: string): ConfigurationResult {
  const enabled = usesEmbeddedRuntime(config);
  const { embeddedRuntime } = config.tskubelet;
  const settled: EffectiveConfiguration = {
    ...config,
    tskubelet: { ...config.tskubelet, embeddedRuntime: { ...embeddedRuntime, enabled } },
  };
  if (!enabled) return { configuration: settled };
  const origin = originOf(config.kubeletOrigins, [ENDPOINT]);
  const isNamed = !isDefault(origin);
  if (isNamed && config.kubelet.containerRuntimeEndpoint !== embeddedEndpoint) {
    const message = `${ENDPOINT} names a runtime while embeddedRuntime.enabled is true; set one of them`;
    return { problems: [{ code: "invalid", path: ENDPOINT, message, origin }] };
  }
  return {
    configuration: {
      ...settled,
      kubelet: { ...config.kubelet, containerRuntimeEndpoint: embeddedEndpoint },
      kubeletOrigins: isNamed ? config.kubeletOrigins : new Map([...config.kubeletOrigins, [ENDPOINT, byEmbedded]]),
    },
  };
}
