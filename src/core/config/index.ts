/**
 * config: what a configuration may say and what then holds. Owns the tables of KubeletConfiguration and
 * TskubeletConfiguration, strict decoding, merging, defaults, the kubelet's validation and the origin of every value.
 * Refuses to read files or flags: parsed documents come in.
 */
export {
  type ConfigurationDocument,
  type ConfigurationFile,
  type ConfigurationInput,
  type ConfigurationPart,
  type ConfigurationResult,
  type EffectiveConfiguration,
  effectiveConfiguration,
  type FlagSetting,
  type Override,
} from "./effective-configuration.ts";
export { featureEnabled } from "./feature-gates.ts";
export type { Field, FieldState, Fields, FieldType, Json, JsonObject } from "./field.ts";
export { type ConfigurationRow, configurationRows } from "./flatten.ts";
export { formatGoDuration, parseGoDuration } from "./go-duration.ts";
export { type KubeletConfiguration, kubeletFields } from "./kubelet-fields.ts";
export { type KubeletSettings, kubeletSettings } from "./kubelet-settings.ts";
export { type MachineFacts, machineObjections } from "./machine-checks.ts";
export { type NotBuiltYet, notBuiltYet } from "./not-built-yet.ts";
export { formatOrigin, isDefault, type Origin, type Origins, originOf, setOrigin } from "./origin.ts";
export { formatPath, type Path } from "./path.ts";
export { formatProblem, type Problem } from "./problem.ts";
export { settleRuntime } from "./settle-runtime.ts";
export { type TskubeletConfiguration, tskubeletFields } from "./tskubelet-fields.ts";
export { usesEmbeddedRuntime } from "./uses-embedded-runtime.ts";
