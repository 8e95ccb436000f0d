import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatProblem } from "../core/config/index.ts";
import { loadCredentialProviders } from "./load-credential-providers.ts";

const directory = mkdtempSync(join(tmpdir(), "credential-providers-"));
after(() => rmSync(directory, { recursive: true }));
const binDir = join(directory, "bin");
mkdirSync(binDir);
for (const name of ["one", "two"]) writeFileSync(join(binDir, name), "", { mode: 0o755 });
writeFileSync(join(binDir, "plain"), "", { mode: 0o644 });

function config(...names: readonly string[]): string {
  const provider = (name: string) => `
  - name: ${name}
    matchImages: ["reg.io"]
    defaultCacheDuration: 1m
    apiVersion: credentialprovider.kubelet.k8s.io/v1`;
  return `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:${names.map(provider).join("")}
`;
}

async function load(files: Readonly<Record<string, string>>, path?: string) {
  const root = mkdtempSync(join(directory, "config-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const options = { rootDir: "/", certDir: "/", nodeLabels: {}, imageCredentialProviderBinDir: binDir };
  const result = await loadCredentialProviders({
    ...options,
    imageCredentialProviderConfig: path === undefined ? root : join(root, path),
  });
  if ("providers" in result) return result.providers.map(({ name }) => name);
  return result.problems.map((problem) => formatProblem(problem).replaceAll(root, "ROOT").replaceAll(directory, "DIR"));
}

test("one file, or all of a directory in the order of their names", async () => {
  assert.deepEqual(await load({ "a.yaml": config("one", "two") }, "a.yaml"), ["one", "two"]);
  assert.deepEqual(await load({ "b.yml": config("one"), "a.json": config("two"), "c.txt": "?" }), ["two", "one"]);
});

test("without flags there are none; one of the two alone is a mistake", async () => {
  const options = { rootDir: "/", certDir: "/", nodeLabels: {} };
  assert.deepEqual(await loadCredentialProviders(options), { providers: [], binDir: "" });
  const [config, bin] = await Promise.all([
    loadCredentialProviders({ ...options, imageCredentialProviderConfig: "/x" }),
    loadCredentialProviders({ ...options, imageCredentialProviderBinDir: "/x" }),
  ]);
  const text = (result: typeof config) => ("problems" in result ? result.problems.map(({ message }) => message) : []);
  assert.match(text(config).join(), /^--image-credential-provider-config needs --image-credential-provider-bin-dir$/);
  assert.match(text(bin).join(), /has no effect without --image-credential-provider-config$/);
});

test("what is wrong is told with file and line", async () => {
  const wrong = config("one").replace("matchImages", "matchImage");
  assert.match(
    (await load({ "a.yaml": wrong })).join("\n"),
    /^ROOT\/a\.yaml:5: unknown field "providers\[0\]\.matchImage"/,
  );
  assert.match((await load({ "a.yaml": "{" })).join("\n"), /^ROOT\/a\.yaml:\d+: /);
  assert.deepEqual(await load({ "a.yaml": "" }), ["ROOT/a.yaml: expected one CredentialProviderConfig"]);
  assert.match((await load({}, "none.yaml")).join("\n"), /^flag --image-credential-provider-config: ENOENT/);
  assert.match((await load({})).join("\n"), /no \*\.json, \*\.yaml or \*\.yml file in directory/);
});

test("names that occur twice and plugins that cannot be run are told", async () => {
  assert.deepEqual(await load({ "a.yaml": config("one"), "b.yaml": config("one") }), [
    'ROOT: duplicate provider name "one"',
  ]);
  const missing = "flag --image-credential-provider-bin-dir: plugin binary executable";
  assert.deepEqual(await load({ "a.yaml": config("plain", "none", "two") }), [
    `${missing} DIR/bin/plain does not exist or cannot be run`,
    `${missing} DIR/bin/none does not exist or cannot be run`,
  ]);
});
