/** What an exec request asks for. Source: kubelet cri/streaming/remotecommand/httpstream.go NewOptions, pods/exec of the API. */
import type { Pod } from "../../core/api/types.ts";
import type { ExecRequest } from "../../ports/runtime.ts";
import { RequestError } from "../errors.ts";

/** Throws RequestError where the container does not run. */
export function execRequest(pod: Pod, query: URLSearchParams): ExecRequest {
  const command = query.getAll("command");
  if (command.length === 0)
    throw new RequestError("BadRequest", "you must specify at least one command for the container");
  const tty = isSet(query, "tty", "tty");
  const request = {
    containerId: runningContainer(pod, query.get("container") ?? ""),
    command,
    stdin: isSet(query, "stdin", "input"),
    stdout: isSet(query, "stdout", "output"),
    // With a terminal there is one stream for both.
    stderr: !tty && isSet(query, "stderr", "error"),
    tty,
  };
  if (request.stdin || request.stdout || request.stderr) return request;
  throw new RequestError("BadRequest", "you must specify at least 1 of stdin, stdout, stderr");
}

/** The API's names and the kubelet's. */
function isSet(query: URLSearchParams, ...names: readonly string[]): boolean {
  return names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
}

function runningContainer(pod: Pod, written: string): string {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const containers = pod.spec?.containers ?? [];
  const podName = pod.metadata?.name ?? "";
  const name = written || (containers.length === 1 ? (containers[0]?.name ?? "") : "");
  if (name === "") {
    const names = containers.map((container) => container.name).join(" ");
    throw new RequestError(
      "BadRequest",
      `a container name must be specified for pod ${podName}, choose one of: [${names}]`,
    );
  }
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  const status = all.find((each) => each.name === name);
  if (status?.state?.running == null || !status.containerID) {
    const known = [...containers, ...(pod.spec?.initContainers ?? [])].some((container) => container.name === name);
    if (!known) throw new RequestError("BadRequest", `container ${name} is not valid for pod ${podName}`);
    throw new RequestError("BadRequest", `container ${name} of pod ${podName} is not running`);
  }
  return status.containerID.replace(/^[^:]*:\/\//, "");
}
