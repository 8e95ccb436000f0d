/**
 * cli: the program - command line, configuration files, what is printed - and `run/`, the composition root: the only place
 * where the host (or the simulator) meets the agent and its servers.
 * Owns exit codes and every word on the terminal. Refuses rules about pods; imported by nobody.
 */
export { parseCommandLine } from "./flags.ts";
