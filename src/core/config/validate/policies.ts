/** Choices, shutdown, swap, back-off, taints, and fields that need a feature gate. */

import { allowlistError } from "../../images/allowlist.ts";
import { sysctlPatternProblem } from "../../pod/sysctls.ts";
import { labelValueErrors, qualifiedNameErrors } from "../../pod/validation/names.ts";
import { featureEnabled } from "../feature-gates.ts";
import { parseGoDuration } from "../go-duration.ts";
import type { KubeletConfiguration } from "../kubelet-fields.ts";
import type { Refuse } from "../validate-kubelet.ts";

export function validatePolicies(config: KubeletConfiguration, invalid: Refuse, refuse: Refuse): void {
  const enabled = (gate: string) => featureEnabled(config.featureGates, gate);
  if (config.serverTLSBootstrap && !enabled("RotateKubeletServerCertificate")) {
    const text = "serverTLSBootstrap true requires feature gate RotateKubeletServerCertificate";
    invalid(["serverTLSBootstrap"], text);
  }
  if (config.runOnce) {
    invalid(["runOnce"], "runOnce (--runOnce) true, Runonce mode has been deprecated and should not be set");
  }
  config.allowedUnsafeSysctls.forEach((pattern, index) => {
    const problem = sysctlPatternProblem(pattern);
    if (problem !== undefined) refuse(["allowedUnsafeSysctls", index], problem);
  });
  validateTaints(config, invalid, refuse);
  validateTopology(config, invalid);
  validateShutdown(config, enabled, invalid);
  validateSwap(config, enabled, invalid);
  validateBackOff(config, enabled, invalid);
  if (!["none", "hairpin-veth", "promiscuous-bridge"].includes(config.hairpinMode)) {
    const options = 'Valid options are "none", "hairpin-veth" or "promiscuous-bridge"';
    const value = JSON.stringify(config.hairpinMode);
    invalid(["hairpinMode"], `option ${value} specified for hairpinMode (--hairpin-mode). ${options}`);
  }
  validateCredentialPolicy(config, enabled, invalid);
  validateMemoryReservation(config, enabled, invalid);
  validateSystemLogs(config, enabled, invalid);
  if (config.containerRuntimeEndpoint === "") {
    invalid(["containerRuntimeEndpoint"], "the containerRuntimeEndpoint was not specified or empty");
  }
}

type Enabled = (gate: string) => boolean;

function validateTaints(config: KubeletConfiguration, invalid: Refuse, refuse: Refuse): void {
  const effects = ["", "NoSchedule", "PreferNoSchedule", "NoExecute"];
  config.registerWithTaints.forEach((taint, index) => {
    const path = ["registerWithTaints", index];
    const isValid = qualifiedNameErrors(taint.key).length === 0 && labelValueErrors(taint.value).length === 0;
    if (!isValid || !effects.includes(taint.effect)) {
      refuse(path, `invalid taint: ${taint.key}=${taint.value}:${taint.effect}`);
    }
    if (taint.timeAdded !== undefined) invalid(path, "taint.TimeAdded is not nil");
  });
}

function validateTopology(config: KubeletConfiguration, invalid: Refuse): void {
  const policies = ["none", "best-effort", "restricted", "single-numa-node"];
  if (!policies.includes(config.topologyManagerPolicy)) {
    const list = policies.map((policy) => JSON.stringify(policy)).join(" ");
    const value = JSON.stringify(config.topologyManagerPolicy);
    const label = `topologyManagerPolicy (--topology-manager-policy) ${value}`;
    invalid(["topologyManagerPolicy"], `${label} must be one of: [${list}]`);
  }
  if (config.topologyManagerScope !== "container" && config.topologyManagerScope !== "pod") {
    const label = `topologyManagerScope (--topology-manager-scope) ${JSON.stringify(config.topologyManagerScope)}`;
    invalid(["topologyManagerScope"], `${label} must be one of: "container", or "pod"`);
  }
}

function validateShutdown(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  const whole = parseGoDuration(config.shutdownGracePeriod) ?? 0;
  const critical = parseGoDuration(config.shutdownGracePeriodCriticalPods) ?? 0;
  if (enabled("GracefulNodeShutdown")) {
    const fields = [
      ["shutdownGracePeriod", whole, config.shutdownGracePeriod],
      ["shutdownGracePeriodCriticalPods", critical, config.shutdownGracePeriodCriticalPods],
    ] as const;
    if (critical > whole) {
      const label = `shutdownGracePeriodCriticalPods {${config.shutdownGracePeriodCriticalPods}}`;
      const most = `shutdownGracePeriod {${config.shutdownGracePeriod}}`;
      invalid(["shutdownGracePeriodCriticalPods"], `${label} must be <= ${most}`);
    }
    for (const [field, period, text] of fields) {
      if (period < 0 || (period > 0 && period < 1e9)) {
        invalid([field], `${field} {${text}} must be either zero or otherwise >= 1 sec`);
      }
    }
  } else if (whole > 0 || critical > 0) {
    const text = "specifying shutdownGracePeriod or shutdownGracePeriodCriticalPods requires feature gate";
    invalid(["shutdownGracePeriod"], `${text} GracefulNodeShutdown`);
  }
  if (config.shutdownGracePeriodByPodPriority.length === 0) return;
  const path = ["shutdownGracePeriodByPodPriority"];
  if (!enabled("GracefulNodeShutdownBasedOnPodPriority")) {
    const text = "Specifying shutdownGracePeriodByPodPriority requires feature gate";
    invalid(path, `${text} GracefulNodeShutdownBasedOnPodPriority`);
  } else if (whole > 0 || critical > 0) {
    invalid(path, "Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time");
  }
}

function validateSwap(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  const { swapBehavior } = config.memorySwap;
  const path = ["memorySwap", "swapBehavior"];
  if (!enabled("NodeSwap")) {
    if (swapBehavior !== "") {
      invalid(path, "memorySwap.swapBehavior cannot be set when NodeSwap feature flag is disabled");
    }
  } else if (!["", "NoSwap", "LimitedSwap"].includes(swapBehavior)) {
    const text = `memorySwap.swapBehavior ${JSON.stringify(swapBehavior)} must be one of: "", "LimitedSwap" or "NoSwap"`;
    invalid(path, text);
  }
}

function validateBackOff(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  const period = config.crashLoopBackOff.maxContainerRestartPeriod;
  const path = ["crashLoopBackOff", "maxContainerRestartPeriod"];
  if (period === undefined) return;
  const gate = "KubeletCrashLoopBackOffMax";
  if (!enabled(gate)) {
    invalid(path, `FeatureGate ${gate} not enabled, CrashLoopBackOff.MaxContainerRestartPeriod must not be set`);
    return;
  }
  const seconds = (parseGoDuration(period) ?? 0) / 1e9;
  if (Math.trunc(seconds * 1000) >= 1000 && Math.trunc(seconds * 1000) <= 300_000) return;
  const label = `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${seconds} seconds)`;
  invalid(path, `${label} must be set between 1s and 300s`);
}

function validateCredentialPolicy(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  const policy = config.imagePullCredentialsVerificationPolicy;
  const listed = config.preloadedImagesVerificationAllowlist.length > 0;
  const policyPath = ["imagePullCredentialsVerificationPolicy"];
  const listPath = ["preloadedImagesVerificationAllowlist"];
  if (!enabled("KubeletEnsureSecretPulledImages")) {
    const gate = "must not be set if KubeletEnsureSecretPulledImages feature gate is not enabled";
    if (policy !== "") invalid(policyPath, `\`imagePullCredentialsVerificationPolicy\` ${gate}`);
    if (listed) invalid(listPath, `\`preloadedImagesVerificationAllowlist\` ${gate}`);
    return;
  }
  const options = ["NeverVerify", "NeverVerifyPreloadedImages", "NeverVerifyAllowlistedImages", "AlwaysVerify"];
  if (!options.includes(policy)) {
    const label = `option ${JSON.stringify(policy)} specified for imagePullCredentialsVerificationPolicy`;
    const valid = `"${options.slice(0, -1).join('", "')}" or "AlwaysVerify"`;
    invalid(policyPath, `${label}. Valid options are ${valid}`);
  }
  if (listed && policy !== "NeverVerifyAllowlistedImages") {
    const unless = 'if `imagePullCredentialsVertificationPolicy` is not "NeverVerifyAllowlistedImages"';
    invalid(listPath, `can't set \`preloadedImagesVerificationAllowlist\` ${unless}`);
  }
  for (const [index, pattern] of config.preloadedImagesVerificationAllowlist.entries()) {
    const error = allowlistError(pattern);
    if (error !== undefined)
      invalid([...listPath, index], `invalid \`preloadedImagesVerificationAllowlist\`: ${error}`);
  }
}

function validateMemoryReservation(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  const policy = config.memoryReservationPolicy;
  const value = JSON.stringify(policy);
  if (policy === "TieredReservation" && !enabled("MemoryQoS")) {
    const text = `memoryReservationPolicy ${value} requires MemoryQoS feature gate to be enabled`;
    invalid(["memoryReservationPolicy"], text);
  } else if (policy !== "None" && policy !== "TieredReservation") {
    const options = 'Valid options are "None" or "TieredReservation"';
    invalid(["memoryReservationPolicy"], `option ${value} specified for memoryReservationPolicy. ${options}`);
  }
}

function validateSystemLogs(config: KubeletConfiguration, enabled: Enabled, invalid: Refuse): void {
  if (!config.enableSystemLogQuery) return;
  const path = ["enableSystemLogQuery"];
  if (!enabled("NodeLogQuery")) invalid(path, "NodeLogQuery feature gate is required for enableSystemLogQuery");
  if (!config.enableSystemLogHandler) invalid(path, "enableSystemLogHandler is required for enableSystemLogQuery");
}
