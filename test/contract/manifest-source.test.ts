import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { createDirectorySource } from "../../src/host/files/create-directory-source.ts";
import { createHttpSource } from "../../src/host/files/create-http-source.ts";
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

manifestSourceContract("host URL", { names: "only" }, async () => {
  const served = { text: "", blocked: false };
  const server = createServer((_, response) => response.writeHead(served.blocked ? 500 : 200).end(served.text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/only`;
  return {
    source: createHttpSource({ url, periodMs: 10 }),
    put: async (_name, text) => void Object.assign(served, { text }),
    remove: async () => void Object.assign(served, { text: "" }),
    block: async (blocked) => void Object.assign(served, { blocked }),
    pass: async (ms) => {
      await wait(ms);
    },
    close: async () => void server.close().closeAllConnections(),
  };
});
