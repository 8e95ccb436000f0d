/** What is wrong with a configuration, where. */
import { formatOrigin, isDefault, type Origin } from "./origin.ts";

export interface Problem {
  readonly code: "syntax" | "unknownKind" | "unknownField" | "wrongType" | "invalid" | "unreadable";
  /** The field, as `formatPath` writes it; "" is the document or the whole configuration. */
  readonly path: string;
  /** Complete without the path. */
  readonly message: string;
  /** Where the value that is to blame was set; absent: nowhere, or it is a default. */
  readonly origin?: Origin;
}

/** `kubelet.yaml:12: maxPods: expected ...`; the parts that are unknown are left out. */
export function formatProblem({ code, path, message, origin }: Problem): string {
  const place = origin === undefined || isDefault(origin) ? "" : `${formatOrigin(origin)}: `;
  return code === "wrongType" && path !== "" ? `${place}${path}: ${message}` : `${place}${message}`;
}
