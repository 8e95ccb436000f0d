/**
 * Rotates the logs of running containers that have grown too large.
 * Source: kubelet logs/container_log_manager.go rotateLogs.
 */

import { containerLogPath, podLogDirectory } from "../../core/logs/log-paths.ts";
import { type LogRotationAction, type LogRotationPolicy, logRotationPlan } from "../../core/logs/rotation.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { Pleg } from "../pleg/pleg.ts";

export interface LogRotationPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly logFiles: LogFiles;
  readonly pleg: Pick<Pleg, "knownPods" | "peek">;
}

export interface LogRotationOptions {
  readonly policy: LogRotationPolicy;
  readonly periodMs: number;
  readonly logRoot: string;
}

export class LogRotation {
  readonly #ports: LogRotationPorts;
  readonly #options: LogRotationOptions;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: LogRotationPorts, options: LogRotationOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (await this.#ports.clock.sleep(this.#options.periodMs, signal)) await this.rotateAll();
  }

  /** One look at every running container's log. */
  async rotateAll(): Promise<void> {
    for (const { id, path } of this.#runningLogs()) {
      await this.#rotate(id, path).catch((error: unknown) =>
        this.#ports.log.warn("log not rotated", { path, error: errorMessage(error) }),
      );
    }
  }

  #runningLogs(): readonly { readonly id: string; readonly path: string }[] {
    const { pleg } = this.#ports;
    return pleg.knownPods().flatMap((podUid) => {
      const status = pleg.peek(podUid);
      if (status === undefined) return [];
      const { name, namespace, uid } = status;
      const directory = podLogDirectory({ name, namespace, uid }, this.#options.logRoot);
      return status.containerStatuses
        .filter(({ state }) => state === "CONTAINER_RUNNING")
        .map((container) => ({
          id: container.id,
          path: `${directory}/${containerLogPath(container.name, container.restartCount)}`,
        }));
    });
  }

  async #rotate(id: string, path: string): Promise<void> {
    const { clock, logFiles } = this.#ports;
    const sizeBytes = await logFiles.size(path);
    const { policy } = this.#options;
    if (sizeBytes !== undefined && (policy.maxSizeBytes < 0 || sizeBytes < policy.maxSizeBytes)) return;
    const rotatedPaths = (await logFiles.listRotated(path)).map((file) => file.path).filter((other) => other !== path);
    const plan = logRotationPlan({ path, sizeBytes, rotatedPaths, policy, nowMs: clock.now() });
    let renamed: { readonly from: string; readonly to: string } | undefined;
    for (const action of plan) {
      if (action.kind === "rename") renamed = action;
      await this.#apply(id, action).catch(async (error: unknown) => {
        // Without a new file the runtime goes on writing to the renamed one: give it its name back.
        if (action.kind === "reopen" && renamed !== undefined) await logFiles.rename(renamed.to, renamed.from);
        throw error;
      });
    }
  }

  async #apply(id: string, action: LogRotationAction): Promise<void> {
    const { logFiles, runtime } = this.#ports;
    switch (action.kind) {
      case "remove":
        return logFiles.remove(action.path);
      case "compress":
        return logFiles.compress(action.from, action.to);
      case "rename":
        return logFiles.rename(action.from, action.to);
      case "reopen":
        return runtime.reopenContainerLog(id);
    }
  }
}
