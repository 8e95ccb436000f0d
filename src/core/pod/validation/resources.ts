import type { ResourceList, ResourceRequirements } from "../../api/types.ts";
import {
  compareQuantities,
  formatQuantity,
  isQuantityError,
  parseQuantity,
  type Quantity,
  quantityMilliValue,
  quantityOrZero,
  quantitySign,
  quantityValue,
  ZERO_QUANTITY,
} from "../../quantity/index.ts";
import { duplicate, type FieldError, forbidden, invalid, invalidEach, notFound, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goStruct } from "./go-struct.ts";
import { GoSource } from "./go-value.ts";
import { qualifiedNameErrors } from "./names.ts";

const HUGE_PAGES = "hugepages-";
const CONTAINER_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);
const COUNTED = ["pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps"];
const OBJECT_COUNTS = [...COUNTED, "persistentvolumeclaims", "services.nodeports", "services.loadbalancers"];
const STANDARD_RESOURCES: ReadonlySet<string> = new Set([
  ...[...CONTAINER_RESOURCES].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  ...OBJECT_COUNTS,
  "storage",
  "requests.storage",
]);
const INTEGER_RESOURCES: ReadonlySet<string> = new Set(OBJECT_COUNTS);

function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

/** Source: core/helper IsExtendedResourceName. */
function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith("requests.")) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

/** Source: core/validation ValidateResourceRequirements. `claimNames`: the pod's resource claims. */
export function validateResources(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
): FieldError[] {
  const { limits = {}, requests = {} } = resources;
  const errors = [
    ...Object.entries(limits).flatMap(([name, text]) => validateAmount(name, text, path.child("limits").key(name))),
    ...Object.entries(requests).flatMap(([name, text]) => validateRequest(name, text, limits, path)),
  ];
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbidden(path, "HugePages require cpu or memory"));
  }
  return [...errors, ...validateClaims(resources.claims ?? [], claimNames, path.child("claims"))];
}

function validateAmount(name: string, text: string, path: FieldPath): FieldError[] {
  const errors = [...validateContainerResourceName(name, path), ...validateQuantity(name, text, path)];
  if (!isHugePages(name)) return errors;
  return [...errors, ...validateHugePages(name, text, path)];
}

function validateRequest(name: string, text: string, limits: ResourceList, path: FieldPath): FieldError[] {
  const requests = path.child("requests");
  const at = requests.key(name);
  const errors = [...validateContainerResourceName(name, at), ...validateQuantity(name, text, at)];
  const quantity = quantityOrZero(text);
  const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
  if (limit !== undefined) {
    const order = compareQuantities(quantity, quantityOrZero(limit));
    if (order !== 0 && !isOvercommitAllowed(name)) {
      errors.push(invalid(requests, formatQuantity(quantity), `must be equal to ${name} limit`));
    } else if (order > 0) {
      errors.push(invalid(requests, formatQuantity(quantity), `must be less than or equal to ${name} limit`));
    }
  } else if (!isOvercommitAllowed(name)) {
    errors.push(required(path.child("limits"), "Limit must be set for non overcommitable resources"));
  }
  return isHugePages(name) ? [...errors, ...validateHugePages(name, text, at)] : errors;
}

function validateContainerResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = validateResourceName(name, path);
  if (!name.includes("/")) {
    if (CONTAINER_RESOURCES.has(name) || isHugePages(name)) return errors;
    return [...errors, invalid(path, name, "must be a standard resource for containers")];
  }
  if (isNative(name) || isExtended(name)) return errors;
  return [...errors, invalid(path, name, "doesn't follow extended resource name standard")];
}

function validateResourceName(name: string, path: FieldPath): FieldError[] {
  const errors = invalidEach(path, name, qualifiedNameErrors(name));
  if (errors.length > 0 || name.includes("/")) return errors;
  const isStandard = STANDARD_RESOURCES.has(name) || isHugePages(name) || name.startsWith("requests.hugepages-");
  return isStandard ? [] : [invalid(path, name, "must be a standard resource type or fully qualified")];
}

/** Source: core/validation ValidateResourceQuantityValue. */
function validateQuantity(name: string, text: string, path: FieldPath): FieldError[] {
  const quantity = quantityOrZero(text);
  const errors: FieldError[] = [];
  if (compareQuantities(quantity, ZERO_QUANTITY) < 0) {
    errors.push(invalid(path, formatQuantity(quantity), "must be greater than or equal to 0"));
  }
  const isWhole = quantityMilliValue(quantity) % 1000n === 0n;
  if ((INTEGER_RESOURCES.has(name) || isExtended(name)) && !isWhole) {
    errors.push(invalid(path, goQuantity(quantity), "must be an integer"));
  }
  return errors;
}

function validateHugePages(name: string, text: string, path: FieldPath): FieldError[] {
  const quantity = quantityOrZero(text);
  if (isDivisible(name.slice(HUGE_PAGES.length), quantity)) return [];
  const shown = formatQuantity(quantity);
  return [invalid(path, shown, `${shown} is not positive integer multiple of ${name}`)];
}

function isDivisible(pageSize: string, quantity: Quantity): boolean {
  const size = parseQuantity(pageSize);
  if (isQuantityError(size) || quantitySign(size) <= 0 || quantityMilliValue(size) % 1000n !== 0n) return false;
  const bytes = quantityValue(size);
  return bytes > 0n && quantityValue(quantity) % bytes === 0n;
}

/** As Go prints the struct: a number held as a big decimal shows as an address. */
function goQuantity(quantity: Quantity): unknown {
  const { mantissa, scale, isBigDecimal } = quantity;
  const amount = isBigDecimal ? { value: 0n, scale: 0 } : { value: mantissa, scale };
  return goStruct("resource.Quantity", {
    i: goStruct("resource.int64Amount", amount),
    d: goStruct("resource.infDecAmount", { Dec: new GoSource(`(*inf.Dec)(${isBigDecimal ? "0xADDR" : "nil"})`) }),
    s: quantity.text,
    Format: quantity.format,
  });
}

type Claims = NonNullable<ResourceRequirements["claims"]>;

function validateClaims(claims: Claims, podClaims: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of claims.entries()) {
    const at = path.index(index);
    if (name === "") {
      errors.push(required(at));
      continue;
    }
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    if (podClaims.has(name)) continue;
    const known = podClaims.size === 0 ? " which is empty" : `: ${[...podClaims].sort().join(", ")}`;
    errors.push(notFound(at, name, `must be one of the names in pod.spec.resourceClaims${known}`));
  }
  return errors;
}
