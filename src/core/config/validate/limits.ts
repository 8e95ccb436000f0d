/** Numbers, ports and durations that must be within bounds. */
import { featureEnabled } from "../feature-gates.ts";
import { formatGoDuration, parseGoDuration } from "../go-duration.ts";
import type { KubeletConfiguration } from "../kubelet-fields.ts";
import type { Refuse } from "../validate-kubelet.ts";

type NumberField = {
  [K in keyof KubeletConfiguration]: KubeletConfiguration[K] extends number ? K : never;
}[keyof KubeletConfiguration];

const notNegative: readonly (readonly [NumberField, string])[] = [
  ["eventBurst", "eventBurst (--event-burst)"],
  ["eventRecordQPS", "eventRecordQPS (--event-qps)"],
  ["kubeAPIBurst", "kubeAPIBurst (--kube-api-burst)"],
  ["kubeAPIQPS", "kubeAPIQPS (--kube-api-qps)"],
  ["maxOpenFiles", "maxOpenFiles (--max-open-files)"],
  ["maxPods", "maxPods (--max-pods)"],
  ["podsPerCore", "podsPerCore (--pods-per-core)"],
  ["registryBurst", "registryBurst (--registry-burst)"],
  ["registryPullQPS", "registryPullQPS (--registry-qps)"],
];

const ranges: readonly (readonly [NumberField, number, number, string])[] = [
  ["imageGCHighThresholdPercent", 0, 100, "imageGCHighThresholdPercent (--image-gc-high-threshold)"],
  ["imageGCLowThresholdPercent", 0, 100, "imageGCLowThresholdPercent (--image-gc-low-threshold)"],
  ["iptablesDropBit", 0, 31, "iptablesDropBit (--iptables-drop-bit)"],
  ["iptablesMasqueradeBit", 0, 31, "iptablesMasqueradeBit (--iptables-masquerade-bit)"],
  ["oomScoreAdj", -1000, 1000, "oomScoreAdj (--oom-score-adj)"],
  ["port", 1, 65535, "port (--port)"],
];

export function validateLimits(config: KubeletConfiguration, invalid: Refuse): void {
  if (config.nodeLeaseDurationSeconds <= 0) {
    invalid(["nodeLeaseDurationSeconds"], "nodeLeaseDurationSeconds must be greater than 0");
  }
  for (const [field, label] of notNegative) {
    if (config[field] < 0) invalid([field], `${label} ${config[field]} must not be a negative number`);
  }
  for (const [field, least, most, label] of ranges) {
    const value = config[field];
    if (value < least || value > most) {
      invalid([field], `${label} ${value} must be between ${least} and ${most}, inclusive`);
    }
  }
  validatePorts(config, invalid);
  validateImages(config, invalid);
  validateLogs(config, invalid);
  if (config.nodeStatusMaxImages < -1) {
    const text = `nodeStatusMaxImages (--node-status-max-images) ${config.nodeStatusMaxImages} must be -1 or greater`;
    invalid(["nodeStatusMaxImages"], text);
  }
  validateCpuPeriod(config, invalid);
  if (nanoseconds(config.draManagerReconcilePeriod) <= 0) {
    const text = `draManagerReconcilePeriod ${config.draManagerReconcilePeriod} must be greater than zero`;
    invalid(["draManagerReconcilePeriod"], text);
  }
  const factor = config.memoryThrottlingFactor;
  if (factor <= 0 || factor > 1) {
    const text = `memoryThrottlingFactor ${factor} must be greater than 0 and less than or equal to 1.0`;
    invalid(["memoryThrottlingFactor"], text);
  }
}

function validatePorts(config: KubeletConfiguration, invalid: Refuse): void {
  const { healthzPort, readOnlyPort } = config;
  if (healthzPort < 0 || healthzPort > 65535) {
    invalid(["healthzPort"], `healthzPort (--healthz-port) ${healthzPort} must be between 1 and 65535, inclusive`);
  }
  if (readOnlyPort < 0 || readOnlyPort > 65535) {
    invalid(["readOnlyPort"], `readOnlyPort (--read-only-port) ${readOnlyPort} must be between 0 and 65535, inclusive`);
  }
}

function validateImages(config: KubeletConfiguration, invalid: Refuse): void {
  const { imageGCLowThresholdPercent: low, imageGCHighThresholdPercent: high } = config;
  if (low >= high) {
    const least = `imageGCLowThresholdPercent (--image-gc-low-threshold) ${low}`;
    const most = `imageGCHighThresholdPercent (--image-gc-high-threshold) ${high}`;
    invalid(["imageGCLowThresholdPercent"], `${least} must be less than ${most}`);
  }
  const { imageMinimumGCAge, imageMaximumGCAge } = config;
  const least = nanoseconds(imageMinimumGCAge);
  const most = nanoseconds(imageMaximumGCAge);
  if (most !== 0 && !featureEnabled(config.featureGates, "ImageMaximumGCAge")) {
    const text = "ImageMaximumGCAge feature gate is required for Kubelet configuration option imageMaximumGCAge";
    invalid(["imageMaximumGCAge"], text);
  }
  if (least < 0) invalid(["imageMinimumGCAge"], `imageMinimumGCAge ${imageMinimumGCAge} must not be negative`);
  if (most < 0) invalid(["imageMaximumGCAge"], `imageMaximumGCAge ${imageMaximumGCAge} must not be negative`);
  if (most > 0 && most <= least) {
    const text = `imageMaximumGCAge ${imageMaximumGCAge} must be greater than imageMinimumGCAge ${imageMinimumGCAge}`;
    invalid(["imageMaximumGCAge"], text);
  }
  const { maxParallelImagePulls: parallel, serializeImagePulls } = config;
  if (parallel !== undefined && parallel < 1) {
    invalid(["maxParallelImagePulls"], `maxParallelImagePulls ${parallel} must be a positive number`);
  }
  if (serializeImagePulls && parallel !== undefined && parallel > 1) {
    const unless = "unless SerializeImagePulls (--serialize-image-pulls) is set to false";
    invalid(["maxParallelImagePulls"], `maxParallelImagePulls cannot be larger than 1 ${unless}`);
  }
}

function validateLogs(config: KubeletConfiguration, invalid: Refuse): void {
  if (config.containerLogMaxWorkers < 1) {
    invalid(["containerLogMaxWorkers"], "containerLogMaxWorkers must be greater than or equal to 1");
  }
  if (nanoseconds(config.containerLogMonitorInterval) < 3e9) {
    const text = "containerLogMonitorInterval must be a positive time duration greater than or equal to 3s";
    invalid(["containerLogMonitorInterval"], text);
  }
  if (config.containerLogMaxFiles <= 1) {
    invalid(["containerLogMaxFiles"], "containerLogMaxFiles must be greater than 1");
  }
}

function validateCpuPeriod(config: KubeletConfiguration, invalid: Refuse): void {
  const period = config.cpuCFSQuotaPeriod;
  const label = `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) {${period}}`;
  const custom = featureEnabled(config.featureGates, "CustomCPUCFSQuotaPeriod");
  if (!custom && period !== formatGoDuration(100e6)) {
    invalid(["cpuCFSQuotaPeriod"], `${label} requires feature gate CustomCPUCFSQuotaPeriod`);
  }
  if (custom && (nanoseconds(period) < 1e6 || nanoseconds(period) > 1e9)) {
    invalid(["cpuCFSQuotaPeriod"], `${label} must be between 1ms and 1sec, inclusive`);
  }
}

function nanoseconds(text: string): number {
  return parseGoDuration(text) ?? 0;
}
