import { isRuntimeError } from "../../ports/errors.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { ContainerdTasks } from "./containerd-tasks.ts";

/**
 * The same service, but a container that the runtime refuses to remove because of a task that CRI knows nothing of (see
 * containerd-tasks) loses that task and is removed. The kubelet tries in vain until containerd is started anew.
 */
export function removeStuck(runtime: RuntimeService, tasks: ContainerdTasks): RuntimeService {
  return {
    ...runtime,
    async removeContainer(id, options) {
      try {
        await runtime.removeContainer(id, options);
      } catch (error) {
        if (!isRuntimeError(error, "FailedPrecondition")) throw error;
        await tasks.removeTask(id).catch((other: unknown) => {
          throw isRuntimeError(other, "Unimplemented") ? error : other;
        });
        await runtime.removeContainer(id, options);
      }
    },
  };
}
