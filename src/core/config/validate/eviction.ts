/** Eviction thresholds, as the kubelet refuses them when it makes its eviction manager. */
import { parseThresholds } from "../../eviction/thresholds.ts";
import type { KubeletConfiguration } from "../kubelet-fields.ts";
import type { Refuse } from "../validate-kubelet.ts";

export function validateEviction(config: KubeletConfiguration, refuse: Refuse): void {
  const parsed = parseThresholds(config, { knowsContainerFs: true });
  if ("error" in parsed) refuse([parsed.field], parsed.error);
}
