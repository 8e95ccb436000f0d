/**
 * containerd's own view of what CRI made, for what its CRI plugin has lost track of: a start that is broken off at a bad
 * moment (the client died) leaves a task that CRI neither shows nor removes, until containerd starts anew.
 */
import type { Clock } from "../../ports/clock.ts";
import { isRuntimeError, type RuntimeError } from "../../ports/errors.ts";
import { toRuntimeError } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import { bool, decode, encode, type MessageType, message, string, uint32 } from "./message.ts";
import { empty } from "./status-schema.ts";

/** Rejections are RuntimeErrors, `Unimplemented` where the runtime is no containerd. */
export interface ContainerdTasks {
  /** Kills the task of a container and takes it away; without a task nothing happens. */
  removeTask(id: string): Promise<void>;
}

/** Where containerd's CRI plugin keeps its containers. */
const NAMESPACE = "k8s.io";
const SIGKILL = 9;
const TIMEOUT_MS = 10_000;
const DELETE_TRIES = 50;
const DELETE_PAUSE_MS = 40;

const idRequest = message<{ id: string }>({ id: string(1) });
const killRequest = message<{ containerId: string; execId: string; signal: number; all: boolean }>({
  containerId: string(1),
  execId: string(2),
  signal: uint32(3),
  all: bool(4),
});

export function createContainerdTasks(channel: GrpcChannel, clock: Clock): ContainerdTasks {
  async function call<Request, Response>(
    method: string,
    requestType: MessageType<Request>,
    request: Request,
    responseType: MessageType<Response>,
  ): Promise<Response> {
    try {
      const options = { timeoutMs: TIMEOUT_MS, metadata: { "containerd-namespace": NAMESPACE } };
      const path = `/containerd.services.${method}`;
      return decode(responseType, await channel.unary(path, encode(requestType, request), options));
    } catch (error) {
      throw toRuntimeError(error, method);
    }
  }

  /** What is gone or has ended already needs no killing. */
  const kill = (id: string) =>
    unless(["NotFound", "FailedPrecondition"], () =>
      call("tasks.v1.Tasks/Kill", killRequest, { containerId: id, execId: "", signal: SIGKILL, all: true }, empty),
    );
  const remove = (id: string) =>
    unless(["NotFound"], () => call("tasks.v1.Tasks/Delete", idRequest, { id }, message<object>({})));

  return {
    async removeTask(id) {
      await kill(id);
      // The kernel takes a moment to end it; until then the shim refuses in words of its own.
      for (let tries = 1; ; tries += 1) {
        try {
          await remove(id);
          return;
        } catch (error) {
          if (tries === DELETE_TRIES || !isRuntimeError(error, "FailedPrecondition", "Unknown")) throw error;
          await clock.sleep(DELETE_PAUSE_MS);
        }
      }
    },
  };
}

async function unless(codes: readonly RuntimeError["code"][], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isRuntimeError(error, ...codes)) throw error;
  }
}
