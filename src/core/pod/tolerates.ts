import type { Toleration } from "../api/types.ts";

/** What keeps pods off a node unless they tolerate it. */
export interface Taint {
  readonly key: string;
  /** Absent: empty. */
  readonly value?: string;
  readonly effect: string;
}

/** Whether one toleration covers the taint. Source: core/v1 Toleration.ToleratesTaint. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Exists" || ((operator === "" || operator === "Equal") && value === (taint.value ?? ""));
}
