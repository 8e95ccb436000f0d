import type { RuntimeClass } from "../api/runtime-class.ts";
import { type FieldError, invalidEach, required } from "../pod/validation/field-error.ts";
import { FieldPath } from "../pod/validation/field-path.ts";
import { validateLabels } from "../pod/validation/labels.ts";
import { dnsLabelErrors, dnsSubdomainErrors } from "../pod/validation/names.ts";
import { validateResources } from "../pod/validation/resources.ts";
import { validateTolerations } from "../pod/validation/tolerations.ts";

/** Everything wrong with a runtime class. Source: node/validation ValidateRuntimeClass. */
export function validateRuntimeClass({ metadata, handler, overhead, scheduling }: RuntimeClass): readonly FieldError[] {
  const name = metadata?.name ?? "";
  const at = FieldPath.of("metadata").child("name");
  const path = FieldPath.of("scheduling");
  const podFixed = overhead?.podFixed;
  return [
    ...(name === ""
      ? [required(at, "name or generateName is required")]
      : invalidEach(at, name, dnsSubdomainErrors(name))),
    ...invalidEach(FieldPath.of("handler"), handler, dnsLabelErrors(handler)),
    ...(podFixed ? validateResources({ limits: podFixed }, new Set(), FieldPath.of("overhead").child("podFixed")) : []),
    ...validateLabels(scheduling?.nodeSelector, path.child("nodeSelector")),
    ...validateTolerations(scheduling?.tolerations ?? [], path.child("tolerations")),
  ];
}
