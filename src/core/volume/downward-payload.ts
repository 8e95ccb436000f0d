/** The files of downwardAPI volumes. Source: kubelet pkg/volume/downwardapi CollectData. */
import type { Pod, ResourceList, Volume } from "../api/types.ts";
import { type FieldValue, volumeFieldValue } from "../pod/field-ref.ts";
import { volumeResourceValue } from "../pod/resource-ref.ts";
import { cleanPath, DEFAULT_MODE, type Payload, type PayloadFile } from "./payload.ts";

type DownwardFile = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>[number];

export interface DownwardContext {
  readonly pod: Pod;
  /** What the node can give: the limit of a container that has none. */
  readonly allocatable: ResourceList;
}

/** All problems of the items are told at once. */
export function downwardPayload(
  items: readonly DownwardFile[],
  { pod, allocatable }: DownwardContext,
  defaultMode = DEFAULT_MODE,
): Payload {
  const text = new TextEncoder();
  const files: PayloadFile[] = [];
  const errors: string[] = [];
  for (const { path, mode, fieldRef, resourceFieldRef } of items) {
    const value: FieldValue =
      fieldRef !== undefined
        ? volumeFieldValue(fieldRef.fieldPath, pod)
        : resourceFieldRef !== undefined
          ? volumeResourceValue(resourceFieldRef, pod, allocatable)
          : { value: "" };
    if ("error" in value) errors.push(value.error);
    else files.push({ path: cleanPath(path), mode: mode ?? defaultMode, content: text.encode(value.value) });
  }
  return errors.length === 0 ? { files } : { error: joinErrors(errors) };
}

/** As Kubernetes joins errors: one as it is, several in brackets, each text once. */
export function joinErrors(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}
