import type { ObjectMeta, ObjectReference } from "../../core/api/types.ts";

/** v1.Event as the local API gives it. */
export interface ApiEvent {
  readonly metadata: ObjectMeta & { readonly name: string };
  readonly involvedObject: ObjectReference;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source?: { readonly component?: string; readonly host?: string };
}
