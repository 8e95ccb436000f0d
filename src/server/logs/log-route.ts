/** The log of a container over HTTP. */
import type { ServerResponse } from "node:http";
import type { Pod } from "../../core/api/types.ts";
import { chooseLog } from "../../core/logs/log-of-container.ts";
import { isRuntimeError } from "../../ports/errors.ts";
import type { ServerPorts } from "../api/ports.ts";
import { RequestError } from "../errors.ts";
import type { RouteRequest } from "../http/route-table.ts";
import { writeAll } from "../http/write-all.ts";
import { readLogQuery } from "./log-query.ts";
import { readContainerLog } from "./read-container-log.ts";

const STATUS_TIMEOUT_MS = 5_000;

/** Ends the answer when the log ends; breaks it off when the server stops, so that a client knows to come back. */
export async function answerLog(
  { agent, clock, contents }: ServerPorts,
  pod: Pod,
  { query, signal }: RouteRequest,
  response: ServerResponse,
): Promise<void> {
  const { container, previous, options } = readLogQuery(query, clock.now());
  const choice = chooseLog(pod, { container, previous });
  if ("error" in choice) throw new RequestError("BadRequest", choice.error);
  const { containerId } = choice;
  const observe = () => agent.runtime.containerStatus(containerId, { timeoutMs: STATUS_TIMEOUT_MS });
  const status = await observe();
  const path = status?.logPath ?? "";
  const log = path === "" ? undefined : await contents.open(path);
  if (log === undefined) {
    throw new RequestError("NotFound", `the log of container ${JSON.stringify(choice.container)} is gone`);
  }
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.flushHeaders();
  const isRunning = async () => {
    try {
      return (await observe())?.state === "CONTAINER_RUNNING";
    } catch (error) {
      // A runtime that is away for a moment says nothing about the container.
      if (isRuntimeError(error)) return true;
      throw error;
    }
  };
  const onContainerChange = (onChange: () => void) =>
    agent.onPodStatus((uid) => {
      if (uid === pod.metadata?.uid) onChange();
    });
  const ports = { clock, contents, isRunning, onContainerChange };
  for await (const bytes of readContainerLog(log, path, options, ports, signal)) {
    if (!(await writeAll(response, bytes, signal))) break;
  }
  if (signal.aborted) response.destroy();
  else response.end();
}
