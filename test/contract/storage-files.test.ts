import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStorageFiles } from "../../src/host/storage/create-storage-files.ts";
import { unmountBelow } from "../support/containerd-node.ts";
import { storageFilesContract } from "./storage-files-contract.ts";

storageFilesContract("host", async () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), "tsk-storage-")));
  return {
    storage: createStorageFiles(),
    scratch,
    writeFile: (path, text) => writeFile(path, text),
    modeOf: async (path) => (await stat(path)).mode,
    mountOver: async (path) => void execFileSync("mount", ["-t", "tmpfs", "scratch", path]),
    unmount: async (path) => void execFileSync("umount", [path]),
    async close() {
      unmountBelow(scratch);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
});
