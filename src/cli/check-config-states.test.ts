import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Field, type Fields, kubeletFields, tskubeletFields } from "../core/config/index.ts";

/** The composition root: everything here but the reading and printing of the configuration itself. */
const source = globSync("**/*.ts", { cwd: import.meta.dirname })
  .filter((file) => !/^(flags|load-configuration|check-config)/.test(file) && !file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
  .join("\n");

/** `cpuCfsQuotaPeriodMicroseconds` of the settings is `cpuCFSQuotaPeriod` of the file. */
const plain = (word: string) => word.replace(/(Ms|Bytes|Seconds|Microseconds)$/, "").toLowerCase();

const words = new Set((source.match(/[A-Za-z_]\w*/g) ?? []).map(plain));

/** Fields that the composition root takes under another name, or that the configuration itself honours. */
const otherNames: Readonly<Record<string, string>> = {
  "crashLoopBackOff.maxContainerRestartPeriod": "crashBackoff",
  "memorySwap.swapBehavior": "swapBehavior",
  imagePullCredentialsVerificationPolicy: "imageVerification",
  preloadedImagesVerificationAllowlist: "imageVerification",
};
const honouredWithin = ["featureGates", "failCgroupV1", "failSwapOn", "embeddedRuntime.enabled"];

function* leaves(fields: Fields, prefix: string): Generator<readonly [string, Field<unknown>]> {
  for (const [name, field] of Object.entries(fields)) {
    if (field.type.kind === "object") yield* leaves(field.type.fields, `${prefix}${name}.`);
    else yield [`${prefix}${name}`, field];
  }
}

function nameOf(path: string): string {
  return plain(otherNames[path] ?? path.split(".").at(-1) ?? path);
}

const all = [...leaves(kubeletFields, ""), ...leaves(tskubeletFields, "")];

test("every field whose state is `used` is passed on by the composition root", () => {
  const idle = all.filter(([path, { state }]) => {
    // The policy of eviction is taken as a whole.
    const isPolicy = path.startsWith("eviction.");
    return state.state === "used" && !isPolicy && !honouredWithin.includes(path) && !words.has(nameOf(path));
  });
  assert.deepEqual(
    idle.map(([path]) => path),
    [],
    "pass these on, or set their state to notYet or accepted",
  );
});
