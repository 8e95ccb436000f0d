/** Hands each command to what carries it out. */
import { ClientError } from "./client/client-error.ts";
import { type Command, parseCommandLine, usageText } from "./flags.ts";
import { processTerminal } from "./terminal.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** Does what the arguments ask for; the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv);
  if (!("usageError" in command)) return runCommand(command);
  console.error(`tskubelet: ${command.usageError}\n${command.hint}`);
  return EXIT_USAGE;
}

/** The exit code. */
export async function runCommand(command: Command): Promise<number> {
  try {
    return await dispatch(command);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    console.error(`tskubelet: ${error.message}`);
    return EXIT_FAILURE;
  }
}

/** Modules are loaded when their command is asked for, so that a client starts fast. */
async function dispatch(command: Command): Promise<number> {
  const terminal = processTerminal();
  switch (command.name) {
    case "run": {
      const { runAgent } = await import("./run/run-agent.ts");
      return runAgent(command);
    }
    case "get": {
      const { runGet } = await import("./commands/get.ts");
      return runGet(command, terminal);
    }
    case "describe": {
      const { runDescribe } = await import("./commands/describe.ts");
      return runDescribe(command, terminal);
    }
    case "logs": {
      const { runLogs } = await import("./commands/logs.ts");
      return runLogs(command, terminal);
    }
    case "exec": {
      const { runExec } = await import("./commands/exec.ts");
      return runExec(command, terminal);
    }
    case "events": {
      const { runEvents } = await import("./commands/events.ts");
      return runEvents(command, terminal);
    }
    case "images": {
      const { runImages } = await import("./commands/images.ts");
      return runImages(command, terminal);
    }
    case "top": {
      const { runTop } = await import("./commands/top.ts");
      return runTop(command, terminal);
    }
    case "why": {
      const { runWhy } = await import("./commands/why.ts");
      return runWhy(command, terminal);
    }
    case "record": {
      const { runRecord } = await import("./commands/record.ts");
      return runRecord(command, terminal);
    }
    case "simulate": {
      const { runSimulate } = await import("./commands/simulate.ts");
      return runSimulate(command, terminal);
    }
    case "down": {
      const { runDown } = await import("./commands/down.ts");
      return runDown(command, terminal);
    }
    case "version": {
      const { runVersion } = await import("./commands/version.ts");
      return runVersion(command, terminal);
    }
    case "check-config": {
      const { checkConfig } = await import("./check-config.ts");
      return checkConfig(command, terminal);
    }
    case "help":
      terminal.out(`${usageText(command.topic)}\n`);
      return 0;
  }
}
