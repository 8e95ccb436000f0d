/** Runs lifecycle hooks of containers. Source: kubelet lifecycle/handlers.go. */
import type { Container, LifecycleHandler, Pod } from "../../core/api/types.ts";
import {
  commandErrorText,
  type HookAction,
  hookAction,
  hookFailureText,
  LONGEST_HOOK_SECONDS,
} from "../../core/lifecycle/hook-action.ts";
import type { HttpProbe, ProbeOutcome } from "../../core/probe/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Prober } from "../../ports/prober.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";

export interface HookRunnerPorts {
  readonly clock: Clock;
  readonly runtime: Pick<RuntimeService, "execSync">;
  readonly prober: Prober;
  readonly events: EventRecorder;
}

/** The instance that a hook belongs to. */
export interface HookTarget {
  readonly pod: Pod;
  readonly container: Pick<Container, "name" | "ports">;
  readonly containerId: string;
  /** Of the pod; empty: it has none of its own. */
  readonly podIps: readonly string[];
}

/** Of each of a command's streams: it stands in the pod's status. Differs: the kubelet takes all of it. */
const MAX_OUTPUT_BYTES = 2048;

interface Failure {
  readonly error: string;
  readonly output: string;
}

export class HookRunner {
  readonly #ports: HookRunnerPorts;
  readonly #hostIps: readonly string[];

  /** `hostIps`: the node's addresses, at which pods on the host's network answer. */
  constructor(ports: HookRunnerPorts, options: { readonly hostIps: readonly string[] }) {
    this.#ports = ports;
    this.#hostIps = options.hostIps;
  }

  /** `undefined`: it succeeded; else why not. Rejects only when `signal` is aborted. */
  async run(handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<string | undefined> {
    const { pod, container, podIps } = target;
    const [podIp = ""] = pod.spec?.hostNetwork === true ? this.#hostIps : podIps;
    const action = hookAction(handler, container, podIp);
    const work = "error" in action ? { ...action, output: "" } : this.#do(action, target, signal);
    const failure = await unlessAborted(work, signal);
    return failure === undefined ? undefined : hookFailureText(handler, container.name, pod, failure);
  }

  #do(action: HookAction, target: HookTarget, signal: AbortSignal): Promise<Failure | undefined> {
    switch (action.kind) {
      case "exec":
        return this.#exec(action.command, target.containerId, signal);
      case "httpGet":
        return this.#request(action.request, target.pod, signal);
      case "sleep":
        return this.#sleep(action.seconds, signal);
    }
  }

  async #exec(command: readonly string[], containerId: string, signal: AbortSignal): Promise<Failure | undefined> {
    try {
      const seconds = LONGEST_HOOK_SECONDS;
      const { exitCode, stdout, stderr } = await this.#ports.runtime.execSync(containerId, command, seconds, {
        signal,
      });
      if (exitCode === 0) return undefined;
      const decoder = new TextDecoder();
      const told = decoder.decode(stderr.subarray(0, MAX_OUTPUT_BYTES));
      const output = decoder.decode(stdout.subarray(0, MAX_OUTPUT_BYTES)) + told;
      return { error: commandErrorText(command, exitCode, told), output };
    } catch (error) {
      return { error: errorMessage(error), output: "" };
    }
  }

  /** A server that speaks HTTP where the hook says HTTPS gets its request nevertheless: so did kubelets before 1.26. */
  async #request(request: HttpProbe, pod: Pod, signal: AbortSignal): Promise<Failure | undefined> {
    const outcome = await this.#ports.prober.probe(request, signal);
    const failure = failureOf(outcome);
    if (failure === undefined || !("isPlainHttp" in outcome)) return failure;
    const headers = request.headers.filter(({ name }) => name.toLowerCase() !== "authorization");
    const again = await this.#ports.prober.probe({ ...request, scheme: "http", headers }, signal);
    if (failureOf(again) !== undefined) return failure;
    const text = `request to HTTPS lifecycle hook ${request.host}:${request.port} got HTTP response, retry with HTTP succeeded`;
    this.#ports.events.pod(pod, "Warning", "LifecycleHTTPFallback", text);
    return undefined;
  }

  async #sleep(seconds: number, signal: AbortSignal): Promise<Failure | undefined> {
    await this.#ports.clock.sleep(seconds * 1000, signal);
    return undefined;
  }
}

/** A call that does not hear of its end is left to itself. */
async function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const result = await Promise.race([work, aborted.promise]);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function failureOf(outcome: ProbeOutcome): Failure | undefined {
  if ("error" in outcome) return { error: outcome.error, output: "" };
  const { result, output } = outcome;
  return result === "Success" || result === "Warning" ? undefined : { error: output, output: "" };
}
