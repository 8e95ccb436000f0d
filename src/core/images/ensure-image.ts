/**
 * Making an image available for a container, in the three steps between which the runtime is asked:
 * `nameImage` -> inspect -> `decidePull` -> pull -> `concludePull`.
 * Source: kubelet images/image_manager.go EnsureImageExists (1.26).
 */
import { goQuote } from "../api/go-quote.ts";
import {
  type BackoffConfig,
  type BackoffState,
  backoffDelayMs,
  collectBackoff,
  isInBackoffSinceUpdate,
  nextBackoff,
} from "../backoff/backoff.ts";
import { formatGoDuration } from "../config/go-duration.ts";
import { imageNameWithTag } from "./image-name.ts";

export interface ImageEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Waiting reason of a container whose image is not there. */
export type ImageFailureReason =
  | "InvalidImageName"
  | "ImageInspectError"
  | "ErrImageNeverPull"
  | "ImagePullBackOff"
  | "ErrImagePull"
  | PullRefusal;

/** Causes of failed pulls that CRI has names for: the runtime's message begins with them. */
export type PullRefusal = "RegistryUnavailable" | "SignatureValidationFailed";

/** The container cannot start; `retryAtMs` only where a back-off says when the next pull may happen. */
export interface ImageFailure {
  readonly kind: "failed";
  readonly reason: ImageFailureReason;
  readonly message: string;
  readonly events: readonly ImageEvent[];
  readonly retryAtMs?: number;
}

/** The image is there, under this reference of the runtime. */
export interface ImageReady {
  readonly kind: "ready";
  readonly imageRef: string;
  readonly events: readonly ImageEvent[];
}

/** Step 1: the name to give to the runtime for an image as the pod writes it. */
export function nameImage(image: string): { readonly kind: "ask"; readonly name: string } | ImageFailure {
  const name = imageNameWithTag(image);
  if ("image" in name) return { kind: "ask", name: name.image };
  const cause = `couldn't parse image reference ${goQuote(image)}: ${name.error}`;
  const message = `Failed to apply default image tag ${goQuote(image)}: ${cause}`;
  return failed("InvalidImageName", message, "Warning", "InspectFailed");
}

export interface PullInput {
  readonly config: BackoffConfig;
  /** As the pod writes it. */
  readonly image: string;
  readonly podUid: string;
  /** Absent: an image that is not there is not pulled. */
  readonly policy: string | undefined;
  readonly nowMs: number;
  /** What the last pull failed with, as `pullFailureText` gives it; told while the next one waits. */
  readonly lastFailure?: string;
}

/**
 * What the runtime said to the inspection; `imageRef` "": the image is not there. `access`: whether this pod may use the
 * image that is there without pulling it itself; absent where nobody asks that.
 */
export type Inspection =
  | { readonly imageRef: string; readonly access?: "granted" | "denied" }
  | { readonly error: string };

/** Step 2: use the present image, pull it (the events come before the pull), or give up for now. */
export function decidePull(
  state: BackoffState,
  input: PullInput,
  inspection: Inspection,
): ImageReady | ImageFailure | { readonly kind: "pull"; readonly events: readonly ImageEvent[] } {
  const quoted = goQuote(input.image);
  if ("error" in inspection) {
    const message = `Failed to inspect image ${quoted}: ${inspection.error}`;
    return failed("ImageInspectError", message, "Warning", "InspectFailed");
  }
  const { imageRef, access } = inspection;
  const isUsable = imageRef !== "" && access !== "denied";
  const pull = input.policy === "Always" || (input.policy === "IfNotPresent" && !isUsable);
  if (!pull && isUsable) {
    const checked = access === "granted" ? " and can be accessed by the pod" : "";
    const message = `Container image ${quoted} already present on machine${checked}`;
    return { kind: "ready", imageRef, events: [{ type: "Normal", reason: "Pulled", message }] };
  }
  if (!pull) {
    const message = `Container image ${quoted} is not present with pull policy of Never`;
    return failed("ErrImageNeverPull", message, "Warning", "ErrImageNeverPull");
  }
  const key = pullBackoffKey(input);
  if (isInBackoffSinceUpdate(input.config, state, key, input.nowMs)) {
    const failure = failed("ImagePullBackOff", `Back-off pulling image ${quoted}`, "Normal", "BackOff");
    const because = input.lastFailure === undefined ? "" : `: ${input.lastFailure}`;
    const updatedAtMs = state[key]?.updatedAtMs ?? input.nowMs;
    const retryAtMs = updatedAtMs + backoffDelayMs(state, key);
    return { ...failure, message: failure.message + because, retryAtMs };
  }
  return { kind: "pull", events: [{ type: "Normal", reason: "Pulling", message: `Pulling image ${quoted}` }] };
}

/**
 * How a pull ended. `pullMs` is the pull alone, `totalMs` with the time it waited for its turn; `sizeBytes` absent: the
 * runtime does not know the image's size. `error` is the runtime's message.
 */
export type PullResult =
  | { readonly imageRef: string; readonly pullMs: number; readonly totalMs: number; readonly sizeBytes?: number }
  | { readonly error: string };

/** Step 3, with the time after the pull in `input.nowMs`: a failure makes the next delay longer, a success resets nothing. */
export function concludePull(
  state: BackoffState,
  input: PullInput,
  result: PullResult,
): { readonly state: BackoffState; readonly outcome: ImageReady | ImageFailure } {
  const { config, image, nowMs } = input;
  const quoted = goQuote(image);
  if ("imageRef" in result) {
    const took = `${duration(result.pullMs)} (${duration(result.totalMs)} including waiting)`;
    const size = result.sizeBytes === undefined ? "" : `. Image size: ${result.sizeBytes} bytes.`;
    const message = `Successfully pulled image ${quoted} in ${took}${size}`;
    const events: readonly ImageEvent[] = [{ type: "Normal", reason: "Pulled", message }];
    return {
      state: collectBackoff(config, state, nowMs),
      outcome: { kind: "ready", imageRef: result.imageRef, events },
    };
  }
  const key = pullBackoffKey(input);
  const next = nextBackoff(config, state, key, nowMs, nowMs);
  return {
    state: next,
    outcome: {
      kind: "failed",
      ...pullFailure(image, result.error),
      events: [{ type: "Warning", reason: "Failed", message: `Failed to pull image ${quoted}: ${result.error}` }],
      retryAtMs: nowMs + backoffDelayMs(next, key),
    },
  };
}

const REFUSALS: Readonly<Record<PullRefusal, string>> = {
  RegistryUnavailable: "the registry is unavailable",
  SignatureValidationFailed: "the signature validation failed",
};

/** Source: kubelet images evalCRIPullErr. */
function pullFailure(image: string, error: string): Pick<ImageFailure, "reason" | "message"> {
  for (const reason of ["RegistryUnavailable", "SignatureValidationFailed"] as const) {
    if (!error.startsWith(reason)) continue;
    const detail = error.slice(reason.length) || ".";
    return { reason, message: `image pull failed for ${image} because ${REFUSALS[reason]}${detail}` };
  }
  return { reason: "ErrImagePull", message: error };
}

/** The failure as it is told while the next pull waits. */
export function pullFailureText({ reason, message }: Pick<ImageFailure, "reason" | "message">): string {
  return `${reason}: ${message}`;
}

/** What several attempts at one pull failed with, in one text. Source: apimachinery NewAggregate. */
export function joinedErrors(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}

/** Back-off is kept per pod and image as the pod writes it. */
export function pullBackoffKey(input: Pick<PullInput, "podUid" | "image">): string {
  return `${input.podUid}_${input.image}`;
}

function failed(
  reason: ImageFailureReason,
  message: string,
  type: ImageEvent["type"],
  eventReason: string,
): ImageFailure {
  return { kind: "failed", reason, message, events: [{ type, reason: eventReason, message }] };
}

function duration(ms: number): string {
  return formatGoDuration(Math.trunc(ms) * 1e6);
}
