/** At most one instance of everything: of a container of a pod, and of pods of one name. */
import type { ContainerRecord } from "../runtime/records.ts";
import { containerText, type Invariant, podUidOf, type Scene } from "./invariant.ts";

export function oneInstance({ node }: Scene): Invariant {
  return {
    name: "never two running instances of one container",
    onContainer: (container, change) => {
      if (change !== "started") return undefined;
      const others = running(node.runtime.containers.values()).filter(
        (other) =>
          other !== container &&
          podUidOf(other) === podUidOf(container) &&
          other.config.metadata.name === container.config.metadata.name,
      );
      return others.length === 0
        ? undefined
        : `${containerText(container)} was started while ${others.map(containerText).join(", ")} runs`;
    },
  };
}

export function onePodOfAName({ node }: Scene): Invariant {
  return {
    name: "pods of one name never overlap",
    onContainer: (container, change) => {
      if (change !== "started") return undefined;
      const { name, namespace, uid } = container.sandbox.config.metadata;
      const other = running(node.runtime.containers.values()).find(({ sandbox: { config } }) => {
        const { metadata } = config;
        return metadata.name === name && metadata.namespace === namespace && metadata.uid !== uid;
      });
      return other && `${containerText(container)} of ${uid} was started while ${podUidOf(other)} still runs`;
    },
  };
}

function running(containers: Iterable<ContainerRecord>): readonly ContainerRecord[] {
  return [...containers].filter(({ state }) => state === "running");
}
