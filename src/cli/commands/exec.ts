/** `tskubelet exec POD -- COMMAND`. */
import { once } from "node:events";
import { AgentClient } from "../client/agent-client.ts";
import { ClientError } from "../client/client-error.ts";
import { defaultContainer } from "../client/default-container.ts";
import { fetchPod, parsePodName, podPath } from "../client/pod-name.ts";
import { SpdyConnection, type SpdyStream } from "../client/spdy-connection.ts";
import type { CommandOf } from "../flags.ts";
import type { Terminal } from "../terminal.ts";
import { type ExitStatus, parseExitStatus } from "./exit-status.ts";
import { withRawTerminal } from "./raw-terminal.ts";

const PROTOCOL = "v4.channel.k8s.io";
const UPGRADE = { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": PROTOCOL };

/** The exit code of the command, or 1 where it could not be run. */
export async function runExec(command: CommandOf<"exec">, terminal: Terminal): Promise<number> {
  const { flags } = command;
  const client = new AgentClient(flags.rootDir);
  const name = parsePodName(command.pod, flags.namespace);
  const container = flags.container ?? defaultContainer(await fetchPod(client, name), terminal);
  const stdin = flags.stdin === true;
  const tty = flags.tty === true && isTerminal(terminal);
  const query = { container, command: command.command, stdin, stdout: true, stderr: !tty, tty };
  const { socket, head } = await client.upgrade(`${podPath(name)}/exec`, query, UPGRADE);
  const connection = new SpdyConnection(socket, head);
  const run = () => runStreams(connection, { stdin, tty });
  const status = tty && stdin ? await withRawTerminal(run) : await run();
  connection.close();
  // A read that is still waiting for a key would keep the program alive.
  if (stdin) process.stdin.destroy();
  if (status === undefined) throw new ClientError("the connection to the container broke off");
  if (status.message !== undefined) throw new ClientError(status.message);
  return status.exitCode;
}

function isTerminal(terminal: Terminal): boolean {
  if (process.stdin.isTTY) return true;
  terminal.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
  return false;
}

/** `undefined`: the connection broke off before the command's end was told. */
async function runStreams(
  connection: SpdyConnection,
  { stdin, tty }: { readonly stdin: boolean; readonly tty: boolean },
): Promise<ExitStatus | undefined> {
  const told: Buffer[] = [];
  const error = connection.open({ streamType: "error" }, (data) => void told.push(Buffer.from(data)));
  const input = stdin ? connection.open({ streamType: "stdin" }, () => {}) : undefined;
  const output = connection.open({ streamType: "stdout" }, writeTo(process.stdout));
  const errors = tty ? undefined : connection.open({ streamType: "stderr" }, writeTo(process.stderr));
  const resize = tty ? connection.open({ streamType: "resize" }, () => {}) : undefined;
  const stopResizing = resize === undefined ? () => {} : sendSizes(resize);
  const stopInput = input === undefined ? () => {} : sendInput(input);
  const inOrder = await error.ended;
  await Promise.all([output.ended, errors?.ended]);
  stopInput();
  stopResizing();
  // Runtimes reset the streams once all is said.
  return inOrder || told.length > 0 ? parseExitStatus(Buffer.concat(told).toString()) : undefined;
}

function writeTo(stream: NodeJS.WriteStream): (data: Buffer) => Promise<void> {
  return async (data) => {
    if (data.length > 0 && !stream.write(data)) await once(stream, "drain");
  };
}

/** Passes standard input on until its end; returns how to leave it alone. */
function sendInput(stream: SpdyStream): () => void {
  const { stdin } = process;
  let isLeft = false;
  stdin.on("data", (chunk: Buffer) => {
    stdin.pause();
    void stream.write(chunk).then(() => {
      if (!isLeft) stdin.resume();
    });
  });
  stdin.once("end", () => stream.end());
  stdin.once("error", () => stream.end());
  return () => {
    isLeft = true;
    stdin.pause();
  };
}

/** Tells the size of the terminal, now and whenever it changes. */
function sendSizes(stream: SpdyStream): () => void {
  const { stdout } = process;
  const send = () => {
    if (stdout.columns > 0 && stdout.rows > 0) {
      void stream.write(Buffer.from(`${JSON.stringify({ Width: stdout.columns, Height: stdout.rows })}\n`));
    }
  };
  send();
  stdout.on("resize", send);
  return () => stdout.removeListener("resize", send);
}
