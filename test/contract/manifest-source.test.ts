import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { createDirectorySource } from "../../src/host/files/create-directory-source.ts";
import { manifestSourceContract } from "./manifest-source-contract.ts";

manifestSourceContract("host directory", { names: "many" }, async () => {
  const scratch = await mkdtemp(`${tmpdir()}/tskubelet-source-`);
  const path = `${scratch}/manifests`;
  await mkdir(path);
  return {
    source: createDirectorySource({ kind: "manifests", path, rescanMs: 20_000 }),
    async put(name, text) {
      await writeFile(`${scratch}/${name}`, text);
      await rename(`${scratch}/${name}`, `${path}/${name}`);
    },
    remove: (name) => rm(`${path}/${name}`),
    // Root reads every directory; a loop of links is what nobody can read.
    async block(blocked) {
      if (blocked) await rename(path, `${path}-aside`);
      if (blocked) await symlink("manifests", path);
      if (!blocked) await rm(path);
      if (!blocked) await rename(`${path}-aside`, path);
    },
    pass: async (ms) => {
      await wait(ms);
    },
    close: () => rm(scratch, { recursive: true }),
  };
});
