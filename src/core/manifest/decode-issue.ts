/**
 * Why a manifest could not be taken, as data. `field` is the JSON path (`spec.containers[0].image`, "" for the whole
 * document), `line` counts from 1 (0: unknown), `text` is Kubernetes' message where it has one.
 */
export interface DecodeIssue {
  readonly code: DecodeIssueCode;
  readonly field: string;
  readonly line: number;
  readonly text: string;
  /** What the author probably meant. */
  readonly hint?: string;
}

/**
 * `type`: a value of another type than the field's; `value`: a text that is no quantity, time, base64 ...;
 * `unknownField` and `duplicateField`: errors in strict reading only; `kind`: no kind or one that is not handled;
 * `depth`: nested too deeply.
 */
export type DecodeIssueCode = "type" | "value" | "unknownField" | "duplicateField" | "kind" | "depth";
