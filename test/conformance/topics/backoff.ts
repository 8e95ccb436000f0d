import type { Pod } from "../../../src/core/api/types.ts";
import {
  type BackoffConfig,
  backoffDelayMs,
  collectBackoff,
  EMPTY_BACKOFF,
  isInBackoffSince,
  isInBackoffSinceUpdate,
  nextBackoff,
  resetBackoff,
} from "../../../src/core/backoff/backoff.ts";
import { restartBackoff } from "../../../src/core/backoff/restart-backoff.ts";
import {
  concludePull,
  decidePull,
  type ImageFailure,
  type ImageReady,
  nameImage,
  type PullInput,
} from "../../../src/core/images/ensure-image.ts";
import type { Topic } from "../case.ts";
import { SPEC_HASH, toRuntimePodStatus } from "./runtime-pod-status.ts";

interface GenericStep {
  readonly atMs: number;
  readonly op: "next" | "isInBackOffSince" | "isInBackOffSinceUpdate" | "reset" | "gc";
  readonly key: string;
  readonly eventAtMs?: number;
}

interface RestartStep {
  readonly atMs: number;
  readonly finishedAtMs?: number;
  readonly state?: "created" | "running" | "exited" | "unknown";
}

interface PullStep {
  readonly atMs: number;
  readonly podUID: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly present: boolean;
  readonly inspectError?: string;
  readonly pullError: string;
}

interface Limits {
  readonly initialMs: number;
  readonly maxMs: number;
}

type Input = Limits &
  (
    | { readonly kind: "generic"; readonly steps: readonly GenericStep[] }
    | { readonly kind: "restart"; readonly pod: Pod; readonly steps: readonly RestartStep[] }
    | { readonly kind: "imagePull"; readonly steps: readonly PullStep[] }
  );

export const topic: Topic = ({ input: json }) => {
  const input = json as Input;
  const config: BackoffConfig = { initialMs: input.initialMs, maxMs: input.maxMs };
  switch (input.kind) {
    case "generic":
      return { actual: { steps: runGeneric(config, input.steps) } };
    case "restart":
      return { actual: { steps: runRestart(config, input.pod, input.steps) } };
    case "imagePull":
      return { actual: { steps: runPulls(config, input.steps) } };
  }
};

function runGeneric(config: BackoffConfig, steps: readonly GenericStep[]): unknown[] {
  let state = EMPTY_BACKOFF;
  return steps.map(({ op, key, atMs, eventAtMs = atMs }) => {
    let inBackOff: boolean | undefined;
    if (op === "next") state = nextBackoff(config, state, key, eventAtMs, atMs);
    else if (op === "reset") state = resetBackoff(state, key);
    else if (op === "gc") state = collectBackoff(config, state, atMs);
    else if (op === "isInBackOffSince") inBackOff = isInBackoffSince(config, state, key, eventAtMs, atMs);
    else inBackOff = isInBackoffSinceUpdate(config, state, key, eventAtMs);
    return { inBackOff, delayMs: backoffDelayMs(state, key) };
  });
}

function runRestart(config: BackoffConfig, pod: Pod, steps: readonly RestartStep[]): unknown[] {
  const containerName = pod.spec?.containers[0]?.name ?? "";
  let state = EMPTY_BACKOFF;
  return steps.map((step) => {
    const decision = restartBackoff(state, {
      config,
      pod,
      containerName,
      containerHash: SPEC_HASH,
      podStatus: podStatusAt(containerName, step),
      nowMs: step.atMs,
    });
    state = decision.state;
    if (decision.kind === "start") return { inBackOff: false, message: "" };
    return { inBackOff: true, message: decision.message, reason: decision.reason };
  });
}

function podStatusAt(name: string, { finishedAtMs, state = "exited" }: RestartStep) {
  if (finishedAtMs === undefined) return toRuntimePodStatus({});
  const finishedAt = new Date(finishedAtMs).toISOString();
  return toRuntimePodStatus({ containerStatuses: [{ id: "c", name, state, finishedAt }] });
}

const IMAGE_REF = "sha256:ref";
const SUCCESS_MESSAGE = /^(Normal Pulled Successfully pulled image) .* in .*$/;

function runPulls(config: BackoffConfig, steps: readonly PullStep[]): unknown[] {
  let state = EMPTY_BACKOFF;
  return steps.map((step) => {
    const input: PullInput = {
      config,
      image: step.image,
      podUid: step.podUID,
      policy: step.imagePullPolicy,
      nowMs: step.atMs,
    };
    const name = nameImage(step.image);
    if (name.kind === "failed") return pullResult(name, "", 0, []);
    const inspection = step.inspectError ? { error: step.inspectError } : { imageRef: step.present ? IMAGE_REF : "" };
    const decision = decidePull(state, input, inspection);
    if (decision.kind !== "pull") return pullResult(decision, name.name, 0, []);
    const conclusion = concludePull(state, input, pulled(step.pullError));
    state = conclusion.state;
    return pullResult(conclusion.outcome, name.name, 1, decision.events);
  });
}

function pulled(error: string): Parameters<typeof concludePull>[2] {
  if (error === "") return { imageRef: IMAGE_REF, pullMs: 1, totalMs: 2 };
  return { error: error === "registry unavailable" ? "RegistryUnavailable" : error };
}

function pullResult(
  outcome: ImageReady | ImageFailure,
  askedFor: string,
  pulls: number,
  before: ImageReady["events"],
): unknown {
  const events = [...before, ...outcome.events]
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`)
    .map((text) => text.replace(SUCCESS_MESSAGE, "$1 <with durations>"));
  const ready = outcome.kind === "ready";
  return {
    askedFor,
    events,
    imageRef: ready ? outcome.imageRef : "",
    message: ready ? "" : outcome.message,
    pulls,
    reason: ready ? undefined : outcome.reason,
  };
}
