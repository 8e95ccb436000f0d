import type { ResourceList } from "../api/types.ts";
import type { Taint } from "../pod/tolerates.ts";
import { type Amounts, listAmounts } from "./demand.ts";

/** The node as admission sees it. */
export interface AdmissionNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly allocatable: Amounts;
}

export interface AdmissionNodeInput extends Omit<AdmissionNode, "allocatable"> {
  /** What pods may request. A size that is not known ("ephemeral-storage") is absent and limits nothing. */
  readonly allocatable: ResourceList;
}

export function admissionNode({ allocatable, ...rest }: AdmissionNodeInput): AdmissionNode {
  return { ...rest, allocatable: listAmounts(allocatable) };
}
