/** What the containers of a pod logged last, for the record of its eviction. */
import type { Pod } from "../../core/api/types.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { lastLogLines } from "../../core/logs/last-lines.ts";
import { podLogDirectory } from "../../core/logs/log-paths.ts";
import type { PodFiles } from "../../ports/pod-files.ts";
import type { Pleg } from "../pleg/pleg.ts";

const READ_BYTES = 16_384;

export interface LastLogLinesPorts {
  readonly pleg: Pick<Pleg, "peek">;
  readonly files: Pick<PodFiles, "readTail">;
}

/** By the names of containers that run; one without a log is left out. */
export async function readLastLogLines(
  { pleg, files }: LastLogLinesPorts,
  logRoot: string,
  { metadata }: Pod,
): Promise<EvictionRecord["lastLogLines"]> {
  const { name = "", namespace = "default", uid = "" } = metadata ?? {};
  const directory = podLogDirectory({ name, namespace, uid }, logRoot);
  const running = (pleg.peek(uid)?.containerStatuses ?? []).filter(({ state }) => state === "CONTAINER_RUNNING");
  const texts = await Promise.all(
    running.map(async (container) => {
      const path = `${directory}/${container.name}/${container.restartCount}.log`;
      return [container.name, lastLogLines(await files.readTail(path, READ_BYTES))] as const;
    }),
  );
  return Object.fromEntries(texts.filter(([, text]) => text !== ""));
}
