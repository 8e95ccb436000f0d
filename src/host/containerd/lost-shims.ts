import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { observeProcess, type ProcessIdentity, signalProcess } from "./containerd-process.ts";

export interface ShimOwner {
  /** Socket of the containerd whose shims are meant. */
  readonly socket: string;
  /** Its state directory. */
  readonly state: string;
}

/**
 * Ends shims that serve nobody. When a start is broken off at a bad moment (the agent died) containerd takes back all but
 * the shim it has just started: that has neither a bundle nor a container, and nobody knows of it any more.
 */
export class LostShims {
  readonly #owner: ShimOwner;
  #suspects: readonly ProcessIdentity[] = [];

  constructor(owner: ShimOwner) {
    this.#owner = owner;
  }

  /** One look; those that were lost at the look before are ended. A shim that is ending by itself looks lost, too. */
  collect(): readonly number[] {
    const lost = observeLostShims(this.#owner);
    const again = lost.filter(({ pid, startTicks }) =>
      this.#suspects.some((suspect) => suspect.pid === pid && suspect.startTicks === startTicks),
    );
    this.#suspects = lost;
    return again.filter((shim) => signalProcess(shim, "SIGKILL")).map(({ pid }) => pid);
  }
}

function observeLostShims({ socket, state }: ShimOwner): readonly ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const shim = shimOf(read(`/proc/${name}/cmdline`).split("\0"), socket);
      if (shim === undefined) return [];
      const bundle = join(state, "io.containerd.runtime.v2.task", shim.namespace, shim.id);
      if (existsSync(bundle) || mayHaveChildren(name)) return [];
      return observeProcess(Number(name)) ?? [];
    });
}

/** Whose shim a command line is; `undefined`: none of the containerd at `socket`. */
export function shimOf(
  commandLine: readonly string[],
  socket: string,
): { readonly namespace: string; readonly id: string } | undefined {
  const argument = (name: string) => {
    const at = commandLine.indexOf(name, 1);
    return at === -1 ? "" : (commandLine[at + 1] ?? "");
  };
  if (!basename(commandLine[0] ?? "").startsWith("containerd-shim-") || argument("-address") !== socket)
    return undefined;
  const [namespace, id] = [argument("-namespace"), argument("-id")];
  return namespace === "" || id === "" ? undefined : { namespace, id };
}

/** Containers are children of their shim. A kernel that does not tell children leaves the shim alone. */
function mayHaveChildren(pid: string): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.some((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim() !== "");
  } catch {
    return true;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
