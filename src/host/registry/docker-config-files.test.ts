import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { createDockerConfigFiles, dockerConfigCandidates } from "./docker-config-files.ts";

test("the places are the kubelet's, in its order", () => {
  const places = { rootDir: "/root-dir", workingDir: "/work", homeDir: "/home/me" };
  assert.deepEqual(
    dockerConfigCandidates(places).map(({ path }) => path),
    [
      "/root-dir/config.json",
      "/work/config.json",
      "/home/me/.docker/config.json",
      "/.docker/config.json",
      "/root-dir/.dockercfg",
      "/work/.dockercfg",
      "/home/me/.dockercfg",
      "/.dockercfg",
      "/root-dir/.dockerconfigjson",
      "/work/.dockerconfigjson",
      "/home/me/.dockerconfigjson",
      "/.dockerconfigjson",
    ],
  );
});

test("what is there is read each time, what is no file is passed over", async () => {
  const directory = mkdtempSync(join(tmpdir(), "docker-config-"));
  try {
    const [rootDir, workingDir, homeDir] = ["root", "work", "home"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [rootDir, workingDir, homeDir]) mkdirSync(each);
    mkdirSync(join(rootDir, "config.json"));
    const files = createDockerConfigFiles({ rootDir, workingDir, homeDir }, new FakeLog());
    const own = async () => (await files.read()).filter(({ path }) => path.startsWith(directory));
    assert.deepEqual(await own(), []);
    writeFileSync(join(homeDir, ".dockercfg"), "old");
    mkdirSync(join(homeDir, ".docker"));
    writeFileSync(join(homeDir, ".docker/config.json"), "new");
    assert.deepEqual(await own(), [
      { path: join(homeDir, ".docker/config.json"), form: "config.json", text: "new" },
      { path: join(homeDir, ".dockercfg"), form: ".dockercfg", text: "old" },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
