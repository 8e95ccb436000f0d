import assert from "node:assert/strict";
import { test } from "node:test";
import { idleMasqueradeRemoval } from "./idle-masquerades.ts";

const DEAD = "CNI-0107dc769b1cedf3822631fd";
const HALF = "CNI-023d040cc2160adc9bb65371";
const LIVE = "CNI-4c3718461032ad986a75751d";
const OTHERS = "CNI-053c9c91300b36b86f3c49e4";

const chain = (name: string, subnet: string, id: string) => [
  `-N ${name}`,
  `-A ${name} -d ${subnet} -m comment --comment "name: \\"tskubelet\\" id: \\"${id}\\"" -j ACCEPT`,
  `-A ${name} ! -d 224.0.0.0/4 -m comment --comment "name: \\"tskubelet\\" id: \\"${id}\\"" -j MASQUERADE`,
];
const jump = (name: string, address: string, id: string) =>
  `-A POSTROUTING -s ${address}/32 -m comment --comment "name: \\"tskubelet\\" id: \\"${id}\\"" -j ${name}`;

test("chains of pods without an address go with what leads to them; those of living pods and of others stay", () => {
  const rules = [
    "-P POSTROUTING ACCEPT",
    ...chain(DEAD, "10.88.0.0/16", "dead"),
    ...chain(HALF, "10.88.0.0/16", "0a1f"),
    jump(HALF, "10.88.0.7", "0a1f"),
    ...chain(LIVE, "10.88.0.0/16", "beef"),
    jump(LIVE, "10.88.0.8", "beef"),
    ...chain(OTHERS, "10.99.0.0/16", "cafe"),
  ];
  const commands = idleMasqueradeRemoval(rules.join("\n"), {
    subnets: ["10.88.0.0/16"],
    liveIds: new Set(["beef"]),
  });
  const comment = 'name: "tskubelet" id: "0a1f"';
  assert.deepEqual(commands, [
    ["-D", "POSTROUTING", "-s", "10.88.0.7/32", "-m", "comment", "--comment", comment, "-j", HALF],
    ["-F", DEAD],
    ["-X", DEAD],
    ["-F", HALF],
    ["-X", HALF],
  ]);
});

test("a table without chains of ours stays as it is", () => {
  const nothing = { subnets: ["10.88.0.0/16"], liveIds: new Set<string>() };
  assert.deepEqual(idleMasqueradeRemoval("-P POSTROUTING ACCEPT\n-N DOCKER\n", nothing), []);
});
