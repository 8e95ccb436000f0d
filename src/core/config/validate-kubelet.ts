/**
 * The kubelet's validation of a complete configuration in the kubelet's words (pkg/kubelet/apis/config/validation
 * ValidateKubeletConfiguration), and what it refuses a little later when it starts (quantities of reservations,
 * container log sizes, networks, eviction thresholds). Checks that need the machine (cgroup version, swap) are the caller's.
 */
import { featureGateErrors } from "./feature-gates.ts";
import type { KubeletConfiguration } from "./kubelet-fields.ts";
import type { Path } from "./path.ts";
import { validateEviction } from "./validate/eviction.ts";
import { validateLimits } from "./validate/limits.ts";
import { validateLogging } from "./validate/logging.ts";
import { validatePolicies } from "./validate/policies.ts";
import { validateReservations } from "./validate/reservations.ts";

/** Calls with the field that is to blame first, for its line, and the kubelet's whole text. */
export type Refuse = (path: Path, message: string) => void;

export interface Objection {
  /** The field that is to blame. */
  readonly at: Path;
  readonly message: string;
}

/** Every objection, in the order of the kubelet's checks; empty: valid. */
export function validateKubelet(config: KubeletConfiguration): readonly Objection[] {
  const objections: Objection[] = [];
  const refuse: Refuse = (at, message) => objections.push({ at, message });
  for (const { gate, message } of featureGateErrors(config.featureGates)) refuse(["featureGates", gate], message);
  const invalid: Refuse = (path, message) => refuse(path, `invalid configuration: ${message}`);
  validateLimits(config, invalid);
  validatePolicies(config, invalid, refuse);
  validateReservations(config, invalid);
  validateLogging(config, invalid, refuse);
  validateEviction(config, refuse);
  return objections;
}
