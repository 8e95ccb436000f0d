/**
 * What a lifecycle hook (postStart, preStop) asks to be done, and how its failure is told.
 * Source: kubelet lifecycle/handlers.go.
 */
import { goQuote } from "../api/go-quote.ts";
import type { Container, LifecycleHandler, Pod } from "../api/types.ts";
import { podText } from "../pod/names.ts";
import { containerPort, type HttpProbe, probeHeaders, requestTarget } from "../probe/index.ts";

/** As the kubelet of the reference version calls itself in hooks. */
export const HOOK_USER_AGENT = "kube-lifecycle/1.26";

export type HookAction =
  /** A command in the container, as it is written: references are not expanded, as in the kubelet. */
  | { readonly kind: "exec"; readonly command: readonly string[] }
  /** Whatever is answered is a success. */
  | { readonly kind: "httpGet"; readonly request: HttpProbe }
  | { readonly kind: "sleep"; readonly seconds: number };

/** No hook lasts longer: longer than any grace period that is meant, and what timers can hold. */
export const LONGEST_HOOK_SECONDS = 7 * 24 * 3600;

/**
 * `podIp`: "" where the pod has none yet. `error`: why the hook cannot run at all, in the kubelet's words; tcpSocket is
 * a part of the API that no kubelet runs.
 */
export function hookAction(
  { exec, httpGet, sleep }: LifecycleHandler,
  container: Pick<Container, "ports">,
  podIp: string,
): HookAction | { readonly error: string } {
  if (exec !== undefined) return { kind: "exec", command: exec.command ?? [] };
  if (httpGet !== undefined) {
    const host = httpGet.host || podIp;
    if (host === "") return { error: "failed to find networking container: the pod has no IP address" };
    const port = containerPort(httpGet.port, container);
    if ("error" in port) return port;
    const request: HttpProbe = {
      kind: "httpGet",
      scheme: httpGet.scheme?.toLowerCase() === "https" ? "https" : "http",
      host,
      ...port,
      target: requestTarget(httpGet.path ?? ""),
      headers: probeHeaders(httpGet.httpHeaders ?? [], HOOK_USER_AGENT),
      timeoutMs: LONGEST_HOOK_SECONDS * 1000,
      anyAnswer: true,
    };
    return { kind: "httpGet", request };
  }
  if (sleep !== undefined) return { kind: "sleep", seconds: sleep.seconds };
  return { error: "invalid handler: exec, httpGet or sleep is needed" };
}

/** The message of a hook that failed, for the container's status: it may hold what the hook has printed. */
export function hookFailureText(
  { exec, httpGet, sleep }: LifecycleHandler,
  containerName: string,
  pod: Pod,
  { error, output }: { readonly error: string; readonly output: string },
): string {
  const where = `for Container ${goQuote(containerName)} in Pod ${goQuote(podText(pod))} failed - error: ${error}`;
  if (exec !== undefined) {
    return `Exec lifecycle hook ([${(exec.command ?? []).join(" ")}]) ${where}, message: ${goQuote(output)}`;
  }
  if (httpGet !== undefined) return `HTTP lifecycle hook (${httpGet.path ?? ""}) ${where}`;
  if (sleep !== undefined) return `Sleep lifecycle hook (${sleep.seconds}) ${where}`;
  return `Cannot run handler: ${error}`;
}

/** What a command that ended with `exitCode` failed with. */
export function commandErrorText(command: readonly string[], exitCode: number, stderr: string): string {
  return `command '${command.join(" ")}' exited with ${exitCode}: ${stderr}`;
}
