/** `tskubelet logs POD [CONTAINER]`. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Pod } from "../../core/api/types.ts";
import { containerNames } from "../../core/logs/log-of-container.ts";
import { AgentClient, type Query } from "../client/agent-client.ts";
import { AgentAway, ClientError } from "../client/client-error.ts";
import { defaultContainer } from "../client/default-container.ts";
import { fetchPod, parsePodName, podPath } from "../client/pod-name.ts";
import { untilBack } from "../client/until-back.ts";
import type { CommandOf } from "../flags.ts";
import type { Terminal } from "../terminal.ts";
import { FollowedLog } from "./followed-log.ts";

type LogsCommand = CommandOf<"logs">;

export async function runLogs(command: LogsCommand, terminal: Terminal): Promise<number> {
  const client = new AgentClient(command.flags.rootDir);
  const name = parsePodName(command.pod, command.flags.namespace);
  const pod = await fetchPod(client, name);
  const containers = wantedContainers(command, pod, terminal);
  const logs = containers.map((container) => new ContainerLog(command, client, podPath(name), container, terminal));
  if (command.flags.follow !== true) {
    let failed = false;
    for (const log of logs) failed = !(await log.printOrTell()) || failed;
    return failed ? 1 : 0;
  }
  const results = await Promise.all(logs.map((log) => log.printOrTell()));
  return results.includes(false) ? 1 : 0;
}

function wantedContainers({ container, flags }: LogsCommand, pod: Pod, terminal: Terminal): readonly string[] {
  if (flags.allContainers === true) return containerNames(pod);
  return [container ?? defaultContainer(pod, terminal)];
}

class ContainerLog {
  readonly #flags: LogsCommand["flags"];
  readonly #client: AgentClient;
  readonly #podPath: string;
  readonly #container: string;
  readonly #terminal: Terminal;
  #atLineStart = true;

  constructor(command: LogsCommand, client: AgentClient, path: string, container: string, terminal: Terminal) {
    this.#flags = command.flags;
    this.#client = client;
    this.#podPath = path;
    this.#container = container;
    this.#terminal = terminal;
  }

  /** `false`: it could not be printed, which was told. With one container only, the error is the command's. */
  async printOrTell(): Promise<boolean> {
    try {
      await (this.#canResume ? this.#follow() : this.#print());
      return true;
    } catch (error) {
      if (!(error instanceof ClientError) || this.#flags.allContainers !== true) throw error;
      this.#terminal.err(`tskubelet: ${this.#container}: ${error.message}\n`);
      return false;
    }
  }

  /** A byte limit counts what the agent sends, so the agent must send what is shown. */
  get #canResume(): boolean {
    return this.#flags.follow === true && this.#flags.limitBytes === undefined;
  }

  async #print(): Promise<void> {
    const answer = await this.#ask({ ...this.#query(), timestamps: this.#flags.timestamps });
    try {
      for await (const part of answer) await this.#show(part as Buffer);
    } catch (error) {
      throw new AgentAway("the agent broke the connection off", { cause: error });
    }
  }

  async #follow(): Promise<void> {
    const log = new FollowedLog({ showTimes: this.#flags.timestamps === true });
    let answer = await this.#ask({ ...this.#query(), timestamps: true });
    for (;;) {
      try {
        for await (const part of answer) await this.#show(log.feed(part as Buffer));
        await this.#show(log.end());
        return;
      } catch {
        log.reconnected();
        answer = await this.#askAgain(log);
      }
    }
  }

  /** Asks until the agent is back. What the log said at first is not asked for again. */
  #askAgain(log: FollowedLog): Promise<IncomingMessage> {
    const { tailLines, sinceSeconds, ...query } = this.#query();
    const { resumeTime } = log;
    const resumed: Query = resumeTime === undefined ? this.#query() : { ...query, sinceTime: resumeTime };
    return untilBack(() => this.#ask({ ...resumed, timestamps: true }), this.#terminal);
  }

  #ask(query: Query): Promise<IncomingMessage> {
    return this.#client.stream(`${this.#podPath}/log`, query);
  }

  #query(): Query & { readonly tailLines: number | undefined; readonly sinceSeconds: number | undefined } {
    const { follow, previous, tail, since, sinceTime, limitBytes } = this.#flags;
    return {
      container: this.#container,
      follow,
      previous,
      tailLines: tail === undefined || tail < 0 ? undefined : tail,
      sinceSeconds: since === undefined || since === 0 ? undefined : Math.max(1, Math.round(since / 1000)),
      sinceTime,
      limitBytes,
    };
  }

  async #show(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const text = this.#flags.prefix === true ? this.#prefixed(bytes) : bytes;
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }

  /** Like kubectl: `[pod/NAME/CONTAINER] line`. */
  #prefixed(bytes: Buffer): Buffer {
    const podName = decodeURIComponent(this.#podPath.slice(this.#podPath.lastIndexOf("/") + 1));
    const prefix = Buffer.from(`[pod/${podName}/${this.#container}] `);
    const parts: Buffer[] = [];
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf("\n", start);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (this.#atLineStart) parts.push(prefix);
      parts.push(bytes.subarray(start, end));
      this.#atLineStart = newline >= 0;
      start = end;
    }
    return Buffer.concat(parts);
  }
}
