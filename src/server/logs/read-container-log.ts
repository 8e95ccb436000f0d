/**
 * One container's log as a stream: from where the options say, and when following on over rotations until the container
 * ended. Source: kubelet kuberuntime/logs/logs.go ReadLogs, waitLogs.
 */
import {
  endLogFile,
  feedLog,
  type LogReadOptions,
  type LogReadState,
  type LogReadStep,
  startLogRead,
} from "../../core/logs/log-reader.ts";
import { startTailSearch, tailSearchStep } from "../../core/logs/tail-search.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogContents, OpenLog } from "../../ports/log-contents.ts";
import { RequestError } from "../errors.ts";

export interface ContainerLogPorts {
  readonly clock: Clock;
  readonly contents: LogContents;
  /** The container still writes. */
  readonly isRunning: () => Promise<boolean>;
  /** Calls `onChange` when the container may have ended; returns how to end that. */
  readonly onContainerChange: (onChange: () => void) => () => void;
}

const CHUNK_BYTES = 65_536;
/** As the kubelet: looked at again at least this often, whatever the file system tells. */
const LOOK_AGAIN_MS = 1_000;
/** Differs: after a rotation the kubelet leaves the old file at once; what the runtime still flushes to it is read here. */
const SETTLE_MS = 50;

/** Yields bytes in order, never empty. Ends by itself; returns early when `signal` is aborted. Takes over `log`. */
export async function* readContainerLog(
  log: OpenLog,
  path: string,
  options: LogReadOptions,
  ports: ContainerLogPorts,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let file = log;
  const changes = options.follow ? new Changes(path, ports) : undefined;
  try {
    let offset = await tailStart(file, options.tailLines);
    let state = startLogRead(options);
    let settled = false;
    let ended = false;
    while (!state.done && !signal.aborted) {
      const chunk = await file.read(offset, CHUNK_BYTES);
      if (chunk.length > 0) {
        offset += chunk.length;
        state = yield* taken(feedLog(state, options, chunk));
        continue;
      }
      if (changes === undefined) ended = true;
      else if (await file.isReplaced()) {
        const next = settled ? await ports.contents.open(path) : undefined;
        settled ||= await ports.clock.sleep(SETTLE_MS, signal);
        if (next === undefined) continue;
        state = yield* taken(endLogFile(state, options));
        await file.close();
        file = next;
        offset = 0;
        settled = false;
        continue;
      }
      if (ended) {
        yield* taken(endLogFile(state, options));
        return;
      }
      // A container that ended has written everything: what is there by now is read, then all is said.
      ended = !(await changes?.wait(signal));
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

function* taken({ state, writes, error }: LogReadStep): Generator<Uint8Array, LogReadState> {
  if (writes.length > 0) yield Buffer.concat(writes.map(({ bytes }) => bytes));
  if (error !== undefined) throw new RequestError("InternalError", error);
  return state;
}

async function tailStart(file: OpenLog, tailLines: number | undefined): Promise<number> {
  let search = startTailSearch(await file.sizeBytes(), tailLines);
  while (search.start === undefined) {
    const start = Math.max(0, search.blockEnd - CHUNK_BYTES);
    search = tailSearchStep(search, await file.read(start, search.blockEnd - start));
  }
  return search.start;
}

/** Remembers that something happened, so that nothing is missed between two waits. */
class Changes {
  readonly #ports: ContainerLogPorts;
  readonly #stops: readonly (() => void)[];
  #log = false;
  #container = false;
  #wake: () => void = () => {};

  constructor(path: string, ports: ContainerLogPorts) {
    this.#ports = ports;
    const onLog = () => {
      this.#log = true;
      this.#wake();
    };
    const onContainer = () => {
      this.#container = true;
      this.#wake();
    };
    this.#stops = [ports.contents.watch(path, onLog), ports.onContainerChange(onContainer)];
  }

  /** Resolves after a change or a while; `false`: the container does not run any more. */
  async wait(signal: AbortSignal): Promise<boolean> {
    if (!this.#log && !this.#container) {
      const change = new AbortController();
      this.#wake = () => change.abort();
      await this.#ports.clock.sleep(LOOK_AGAIN_MS, AbortSignal.any([signal, change.signal]));
      this.#wake = () => {};
    }
    const onlyLog = this.#log && !this.#container;
    this.#log = false;
    this.#container = false;
    return onlyLog || this.#ports.isRunning();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}
