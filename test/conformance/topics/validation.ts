import type { Topic } from "../case.ts";
import { readManifest, type StaticPodInput } from "./staticpod.ts";

interface Expected {
  readonly valid?: true;
  readonly error?: string;
  readonly errors?: readonly ErrorJson[];
}

interface ErrorJson {
  readonly type: string;
  readonly field: string;
  readonly text: string;
}

/** Errors are a multiset: both sides are sorted. */
function sorted(errors: readonly ErrorJson[]): readonly ErrorJson[] {
  return errors
    .map(({ type, field, text }) => ({ type, field, text }))
    .sort((a, b) => (`${a.text} ${a.type}` < `${b.text} ${b.type}` ? -1 : 1));
}

export const topic: Topic = ({ input, expected }) => {
  const { errors: expectedErrors, error: expectedError, ...rest } = expected as Expected;
  const result = readManifest(input as StaticPodInput);
  if ("pod" in result) return { actual: { valid: true } };
  if (result.errors === undefined) {
    // Not decoded: that an error is given is compared, its words are not.
    return { actual: { error: true }, expected: { ...rest, error: expectedError !== undefined } };
  }
  return { actual: { errors: sorted(result.errors) }, expected: { ...rest, errors: sorted(expectedErrors ?? []) } };
};
