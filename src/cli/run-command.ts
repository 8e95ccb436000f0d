/** Hands each command to what carries it out. */
import { checkConfig } from "./check-config.ts";
import { type Command, usageText } from "./flags.ts";

const NOT_YET = "is not built yet";

/** The exit code. Modules are loaded when their command is asked for, so that a client starts fast. */
export async function runCommand(command: Command): Promise<number> {
  switch (command.name) {
    case "run": {
      const { runAgent } = await import("./run/run-agent.ts");
      return runAgent(command);
    }
    case "check-config":
      return checkConfig(command, {
        cwd: process.cwd(),
        out: (text) => process.stdout.write(text),
        err: (text) => process.stderr.write(text),
      });
    case "help":
      console.log(usageText(command.topic));
      return 0;
    default:
      console.error(`tskubelet: ${command.name} ${NOT_YET}`);
      return 1;
  }
}
