import type { FsStats, NodeStats, Summary } from "../stats/summary.ts";

/**
 * A summary that was read for this very step: without times, so that no figure of it counts as used up. Times of the wall
 * clock cannot tell that: two steps may fall into one second, and a clock that jumps back would hold evictions up.
 */
export function undated({ node, ...rest }: Summary): Summary {
  const { memory, fs, rlimit, systemContainers, runtime } = node;
  const undatedNode: NodeStats = {
    ...node,
    ...(memory && { memory: withoutTime(memory) }),
    ...(fs && { fs: withoutTime(fs) }),
    ...(rlimit && { rlimit: withoutTime(rlimit) }),
    ...(runtime && {
      runtime: {
        ...runtime,
        ...undatedFs("imageFs", runtime.imageFs),
        ...undatedFs("containerFs", runtime.containerFs),
      },
    }),
    ...(systemContainers && {
      systemContainers: systemContainers.map((each) =>
        each.memory === undefined ? each : { ...each, memory: withoutTime(each.memory) },
      ),
    }),
  };
  return { node: undatedNode, ...rest };
}

function undatedFs<K extends string>(key: K, fs: FsStats | undefined): { readonly [key in K]?: FsStats } {
  return fs === undefined ? {} : ({ [key]: withoutTime(fs) } as { readonly [key in K]: FsStats });
}

function withoutTime<T extends { readonly time?: string }>({ time: _, ...rest }: T): Omit<T, "time"> {
  return rest;
}
