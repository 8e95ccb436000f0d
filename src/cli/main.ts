/** The program: finds out what is asked for and does it. Exit codes: 0, 1 failure, 2 usage. */
import { parseCommandLine } from "./flags.ts";
import { runCommand } from "./run-command.ts";

const command = parseCommandLine(process.argv.slice(2));
if ("usageError" in command) {
  console.error(`tskubelet: ${command.usageError}\n${command.hint}`);
  process.exitCode = 2;
} else {
  process.exitCode = await runCommand(command);
}
