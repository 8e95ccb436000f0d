import type { Pod } from "../../core/api/types.ts";
import { containerNames } from "../../core/logs/log-of-container.ts";
import type { Terminal } from "../terminal.ts";

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** The container that is meant where none is named; where there are several, the choice is told. */
export function defaultContainer(pod: Pod, terminal: Terminal): string {
  const names = pod.spec?.containers?.map(({ name }) => name) ?? [];
  const annotated = pod.metadata?.annotations?.[DEFAULT_CONTAINER];
  if (annotated !== undefined && containerNames(pod).includes(annotated)) return annotated;
  const [first = ""] = names;
  const init = pod.spec?.initContainers?.map(({ name }) => `${name} (init)`) ?? [];
  const others = [...names, ...init];
  if (others.length > 1) terminal.err(`Defaulted container ${JSON.stringify(first)} out of: ${others.join(", ")}\n`);
  return first;
}
