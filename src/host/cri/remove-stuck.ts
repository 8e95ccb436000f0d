import { isRuntimeError } from "../../ports/errors.ts";
import type { CallOptions, RuntimeService } from "../../ports/runtime.ts";
import type { ContainerdTasks } from "./containerd-tasks.ts";

/**
 * The same service, but a container that the runtime refuses to remove because of a task that CRI knows nothing of (see
 * containerd-tasks) loses that task and is removed. The kubelet tries in vain until containerd is started anew.
 */
export function removeStuck(runtime: RuntimeService, tasks: ContainerdTasks): RuntimeService {
  async function removeContainer(id: string, options?: CallOptions): Promise<void> {
    try {
      await runtime.removeContainer(id, options);
    } catch (error) {
      if (!isRuntimeError(error, "FailedPrecondition")) throw error;
      await tasks.removeTask(id).catch((other: unknown) => {
        throw isRuntimeError(other, "Unimplemented") ? error : other;
      });
      await runtime.removeContainer(id, options);
    }
  }

  return {
    ...runtime,
    removeContainer,
    async removePodSandbox(id, options) {
      try {
        await runtime.removePodSandbox(id, options);
      } catch (error) {
        if (!isRuntimeError(error, "FailedPrecondition")) throw error;
        const containers = await runtime.listContainers({ podSandboxId: id }, options);
        for (const container of containers) await removeContainer(container.id, options);
        await runtime.removePodSandbox(id, options);
      }
    },
  };
}
