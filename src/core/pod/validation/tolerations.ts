import type { Toleration } from "../../api/types.ts";
import { type FieldError, invalid, notSupported } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct, pointer } from "./go-struct.ts";
import { validateLabelName } from "./labels.ts";
import { labelValueErrors } from "./names.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Source: core/validation ValidateTolerations. */
export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath): FieldError[] {
  return tolerations.flatMap((toleration, index) => validateToleration(toleration, path.index(index)));
}

function validateToleration(toleration: Toleration, path: FieldPath): FieldError[] {
  const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
  const errors = key === "" ? [] : validateLabelName(key, path.child("key"));
  if (key === "" && operator !== "Exists") {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(path.child("operator"), operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.push(invalid(path.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === "Equal" || operator === "") {
    const wrong = labelValueErrors(value);
    if (wrong.length > 0) errors.push(invalid(path.child("operator"), value, wrong.join(";")));
  } else if (operator !== "Exists") {
    errors.push(notSupported(path.child("operator"), operator, ["Equal", "Exists"]));
  } else if (value !== "") {
    errors.push(
      invalid(path.child("operator"), goToleration(toleration), "value must be empty when `operator` is 'Exists'"),
    );
  }
  if (effect !== "" && !EFFECTS.includes(effect)) {
    errors.push(notSupported(path.child("effect"), effect, EFFECTS));
  }
  return errors;
}

function goToleration(toleration: Toleration): unknown {
  return goStruct("core.Toleration", {
    Key: toleration.key ?? "",
    Operator: toleration.operator ?? "",
    Value: toleration.value ?? "",
    Effect: toleration.effect ?? "",
    TolerationSeconds: pointer("int64", toleration.tolerationSeconds),
  });
}
