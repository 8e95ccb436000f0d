import type { PodSpec } from "../../api/types.ts";
import { duplicate, type FieldError, invalid, invalidEach, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct, pointer } from "./go-struct.ts";
import { dnsLabelErrors } from "./names.ts";

type Claim = NonNullable<PodSpec["resourceClaims"]>[number];

/** Source: core/validation validatePodResourceClaims. */
export function validateResourceClaims(claims: readonly Claim[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap((claim, index) => {
    const at = path.index(index);
    return [...validateName(claim.name, names, at.child("name")), ...validateSource(claim, at.child("source"))];
  });
}

/** `names`: names so far; grows. */
function validateName(name: string, names: Set<string>, path: FieldPath): FieldError[] {
  if (name === "") return [required(path)];
  if (names.has(name)) return [duplicate(path, name)];
  names.add(name);
  return invalidEach(path, name, dnsLabelErrors(name));
}

function validateSource(claim: Claim, path: FieldPath): FieldError[] {
  const { resourceClaimName, resourceClaimTemplateName } = claim.source ?? {};
  const value = goStruct("core.ClaimSource", {
    ResourceClaimName: pointer("string", resourceClaimName),
    ResourceClaimTemplateName: pointer("string", resourceClaimTemplateName),
  });
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
    return [invalid(path, value, detail)];
  }
  if (resourceClaimName !== undefined || resourceClaimTemplateName !== undefined) return [];
  return [invalid(path, value, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")];
}
