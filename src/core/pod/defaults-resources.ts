import type { ResourceList, ResourceRequirements } from "../api/types.ts";
import { formatQuantity, isQuantityError, parseQuantity, roundUpQuantity } from "../quantity/index.ts";

const MILLI = -3;

/** Amounts finer than thousandths rounded up to them; any other text stays as it is. Source: SetDefaults_ResourceList. */
export function defaultResourceList(resources: ResourceList): ResourceList {
  return Object.fromEntries(Object.entries(resources).map(([name, text]) => [name, roundedText(text)]));
}

function roundedText(text: string): string {
  const quantity = parseQuantity(text);
  if (isQuantityError(quantity) || quantity.scale >= MILLI) return text;
  return formatQuantity(roundUpQuantity(quantity, MILLI));
}

/** Rounded amounts; with `requestsFromLimits` a resource that has a limit and no request requests its limit. */
export function defaultResources(
  resources: ResourceRequirements | undefined,
  requestsFromLimits: boolean,
): ResourceRequirements {
  const limits = resources?.limits;
  const requests = requestsFromLimits && limits ? { ...limits, ...resources?.requests } : resources?.requests;
  return {
    ...resources,
    ...(limits && { limits: defaultResourceList(limits) }),
    ...(requests && { requests: defaultResourceList(requests) }),
  };
}
