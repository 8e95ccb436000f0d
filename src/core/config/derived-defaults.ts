/** Defaults that depend on other fields (kubelet v1beta1 SetDefaults_KubeletConfiguration, server.go loadConfigFile). */
import { isObject } from "./decode.ts";
import { featureEnabled, type GateSettings } from "./feature-gates.ts";
import type { Json } from "./field.ts";
import { kubeletFields } from "./kubelet-fields.ts";
import { type Draft, setValue, valueAt } from "./layers.ts";
import { defaultOrigin, isDefault, originOf } from "./origin.ts";
import type { Path } from "./path.ts";

/** Before the table's defaults are filled. */
export function fillDerivedDefaults(draft: Draft): Draft {
  const get = (...path: Path) => valueAt(draft.value, path);
  let result = draft;
  const fill = (path: readonly string[], value: Json) => {
    result = setValue(result, path, value, defaultOrigin);
  };
  const update = get("nodeStatusUpdateFrequency");
  const report = get("nodeStatusReportFrequency");
  if (isUnset(report) && update !== undefined && !isUnset(update)) fill(["nodeStatusReportFrequency"], update);
  const parallel = get("maxParallelImagePulls");
  if (get("serializeImagePulls") === undefined && typeof parallel === "number" && parallel >= 2) {
    fill(["serializeImagePulls"], false);
  }
  const pids = get("podPidsLimit");
  if (typeof pids === "number" && pids < -1) fill(["podPidsLimit"], -1);
  const hard = get("evictionHard");
  if (get("mergeDefaultEvictionSettings") === true && isObject(hard)) {
    for (const [signal, value] of Object.entries(kubeletFields.evictionHard.default ?? {})) {
      if (hard[signal] === undefined) fill(["evictionHard", signal], value);
    }
  }
  return result;
}

/** Defaults of fields that exist only with a feature gate; for the last round, when the gates are settled. */
export function fillGatedDefaults(draft: Draft): Draft {
  const gates = gateSettings(valueAt(draft.value, ["featureGates"]));
  let result = draft;
  if (featureEnabled(gates, "KubeletCrashLoopBackOffMax")) {
    const max = featureEnabled(gates, "ReduceDefaultCrashLoopBackOffDecay") ? "1m0s" : "5m0s";
    result = fillUnset(result, ["crashLoopBackOff", "maxContainerRestartPeriod"], max);
  }
  if (featureEnabled(gates, "KubeletEnsureSecretPulledImages")) {
    result = fillUnset(result, ["imagePullCredentialsVerificationPolicy"], "NeverVerifyPreloadedImages");
  }
  return result;
}

function fillUnset(draft: Draft, path: readonly string[], value: Json): Draft {
  const set = valueAt(draft.value, path);
  const explicit = set !== undefined && set !== "" && !isDefault(originOf(draft.origins, path));
  return explicit ? draft : setValue(draft, path, value, defaultOrigin);
}

function gateSettings(value: Json | undefined): GateSettings {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, boolean] => typeof entry[1] === "boolean"));
}

function isUnset(duration: Json | undefined): boolean {
  return duration === undefined || duration === "0s";
}
