import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Cgroups } from "../../ports/cgroups.ts";
import { claimCgroups, forgetClaim } from "./claim-cgroups.ts";
import { MachineUnfit } from "./machine-unfit.ts";

let directory = "";
before(() => {
  directory = mkdtempSync(join(tmpdir(), "claim-"));
});
after(() => rmSync(directory, { recursive: true }));

/** Only what is read here; `pods` are paths of pod cgroups with a process each. */
function cgroupsWith(root: string, ...pods: readonly string[]): Cgroups {
  const path = (name: readonly string[]) => name.join("/");
  const cgroups: Pick<Cgroups, "runtimePath" | "children" | "processes"> = {
    runtimePath: (name) => `${root}/${path(name)}`,
    children: async (name) =>
      pods.filter((pod) => pod.replace(/\/[^/]+$/, "") === path(name)).map((pod) => pod.split("/").at(-1) ?? ""),
    processes: async (name) => (pods.includes(path(name)) ? [1] : []),
  };
  return cgroups as Cgroups;
}

async function claim(cgroups: Cgroups, options: { readonly known?: boolean; readonly embedded?: boolean } = {}) {
  const recordsPath = join(directory, options.known === true ? "state.db" : "none.db");
  if (options.known === true) writeFileSync(recordsPath, "");
  const embeddedRuntime = options.embedded ?? true;
  return claimCgroups({ cgroups, recordsPath, embeddedRuntime, claimsDir: directory });
}

const KUBELETS = ["kubepods/podaaa", "kubepods/burstable/podbbb"];

test("pods of another kubelet are left alone: the agent does not start", async () => {
  await assert.rejects(claim(cgroupsWith("/a", ...KUBELETS)), (error) => {
    assert.ok(error instanceof MachineUnfit);
    assert.match(
      error.message,
      /^cgroup \/a\/kubepods holds pods of another kubelet \(pod aaa and 1 more\); .*cgroupRoot/,
    );
    return true;
  });
});

test("an agent that has records, or shares its runtime, takes up what runs", async () => {
  for (const options of [{ known: true }, { embedded: false }]) {
    const lock = await claim(cgroupsWith("/b", ...KUBELETS), options);
    lock.release();
  }
});

test("cgroups without processes are no pods", async () => {
  const empty: Cgroups = { ...cgroupsWith("/c", ...KUBELETS), processes: async () => [] };
  (await claim(empty)).release();
});

test("after a refusal or an end the cgroup is free again", async () => {
  await assert.rejects(claim(cgroupsWith("/d", ...KUBELETS)));
  const before = readdirSync(directory);
  (await claim(cgroupsWith("/d"))).release();
  (await claim(cgroupsWith("/d"))).release();
  assert.deepEqual(readdirSync(directory), before);
});

test("what a killed agent left of its claim can be forgotten, a claim that is held cannot", async () => {
  const cgroups = cgroupsWith("/e");
  const lock = await claim(cgroups);
  forgetClaim(cgroups, directory);
  await assert.rejects(claim(cgroups), /another agent \(process \d+\).*in cgroup \/e\/kubepods/);
  lock.release();
  forgetClaim(cgroups, directory);
  (await claim(cgroups)).release();
});
