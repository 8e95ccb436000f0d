import { readFile } from "node:fs/promises";
import { createLogFiles } from "../../src/host/files/create-log-files.ts";
import { createFileWorld } from "./file-world.ts";
import { logFilesContract } from "./log-files-contract.ts";

logFilesContract("host", async () => {
  const { world, close } = await createFileWorld();
  const [podLogsDir, containerLogsDir] = [`${world.scratch}/pods`, `${world.scratch}/containers`];
  const files = await createLogFiles({ podLogsDir, containerLogsDir });
  return { files, world, podLogsDir, containerLogsDir, readBytes: (path) => readFile(path), close };
});
