import type { ResourceList, ResourceRequirements } from "../api/types.ts";
import { formatQuantity, isQuantityError, parseQuantity, roundUpQuantity } from "../quantity/index.ts";

const MILLI = -3;

/** Amounts rounded up to thousandths, in canonical text; texts that are no quantity stay. Source: SetDefaults_ResourceList. */
export function defaultResourceList(resources: ResourceList): ResourceList {
  return Object.fromEntries(Object.entries(resources).map(([name, text]) => [name, roundedText(text)]));
}

function roundedText(text: string): string {
  const quantity = parseQuantity(text);
  return isQuantityError(quantity) ? text : formatQuantity(roundUpQuantity(quantity, MILLI));
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
