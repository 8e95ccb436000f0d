/** Nothing is started for a pod that the agent was told to be gone. */

import type { Request } from "../runtime/runtime-port.ts";
import { type Invariant, podUidOf, type Scene } from "./invariant.ts";

export function noUnwantedStart(scene: Scene): Invariant {
  const { desire, node } = scene;
  return {
    name: "nothing is started for a pod that is gone",
    onRequest: (request) => {
      const uid = startedPod(scene, request);
      if (uid === undefined) return undefined;
      if (scene.draining) return `${request.call} for ${uid} while all pods are being stopped`;
      // Until its sources speak an agent goes by what it knew before; that is judged elsewhere.
      if (!desire.isComplete || desire.pod(uid) !== undefined) return undefined;
      const sinceMs = node.time.monotonicMs - (desire.lastChangeMs(uid) ?? 0);
      return `${request.call} for pod ${uid}, which the agent knows to be gone for ${sinceMs} ms`;
    },
  };
}

function startedPod({ node }: Scene, request: Request): string | undefined {
  switch (request.call) {
    case "RunPodSandbox":
    case "CreateContainer":
      return request.uid;
    case "StartContainer": {
      const container = node.runtime.containers.get(request.containerId);
      return container && podUidOf(container);
    }
    default:
      return undefined;
  }
}
