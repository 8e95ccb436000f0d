/** How users name pods: NAME, NAMESPACE/NAME, pod/NAME. */
import type { Pod } from "../../core/api/types.ts";
import { didYouMean } from "../../core/config/did-you-mean.ts";
import type { AgentClient } from "./agent-client.ts";
import { ApiError, ClientError } from "./client-error.ts";

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export interface PodList {
  readonly items: readonly Pod[];
}

const DEFAULT_NAMESPACE = "default";

/** A namespace in the name wins over that of the flag. */
export function parsePodName(written: string, namespace: string | undefined): PodName {
  const text = written.replace(/^(pods?|po)\//, "");
  const slash = text.indexOf("/");
  if (slash < 0) return { namespace: namespace ?? DEFAULT_NAMESPACE, name: text };
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

export function podPath({ namespace, name }: PodName): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
}

/** Rejects with a message that helps where there is no such pod. */
export async function fetchPod(client: AgentClient, name: PodName): Promise<Pod> {
  try {
    return await client.get<Pod>(podPath(name));
  } catch (error) {
    if (!(error instanceof ApiError) || error.httpStatus !== 404) throw error;
    const { items } = await client.get<PodList>("/api/v1/pods");
    throw new ClientError(unknownPod(name, items));
  }
}

export function unknownPod({ namespace, name }: PodName, pods: readonly Pod[]): string {
  const text = `no pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`;
  const elsewhere = pods.find(({ metadata }) => metadata?.name === name);
  if (elsewhere !== undefined) return `${text} (there is one in namespace ${elsewhere.metadata?.namespace})`;
  const here = pods.filter(({ metadata }) => metadata?.namespace === namespace);
  const near = didYouMean(
    name,
    here.map(({ metadata }) => metadata?.name ?? ""),
  );
  return near === undefined ? text : `${text} (did you mean ${near}?)`;
}

/** Path of a list: of one namespace, or of all. */
export function listPath(
  plural: string,
  flags: { readonly namespace: string | undefined; readonly allNamespaces: boolean | undefined },
): string {
  if (flags.allNamespaces === true) return `/api/v1/${plural}`;
  return `/api/v1/namespaces/${encodeURIComponent(flags.namespace ?? DEFAULT_NAMESPACE)}/${plural}`;
}
