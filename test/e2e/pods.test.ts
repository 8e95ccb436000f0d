import { after, before, describe, it } from "node:test";
import { AgentNode } from "../support/agent-node.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { endClaims } from "./claims/end-claims.ts";
import { initClaims } from "./claims/init-claims.ts";
import { networkClaims } from "./claims/network-claims.ts";
import { restartClaims } from "./claims/restart-claims.ts";
import { startClaims } from "./claims/start-claims.ts";
import { UPKEEP_SETTINGS, upkeepClaims } from "./claims/upkeep-claims.ts";
import { volumeClaims } from "./claims/volume-claims.ts";

describe("pods from manifests on real containerd", () => {
  const node = new AgentNode({
    bridge: "tskpods0",
    kubelet: {
      ...UPKEEP_SETTINGS,
      // Crash loops turn fast, so that a test sees several rounds.
      featureGates: { KubeletCrashLoopBackOffMax: true },
      crashLoopBackOff: { maxContainerRestartPeriod: "3s" },
    },
  });
  const get = () => node;
  before(() => node.start());
  after(() => node.close());

  describe("at one time", { concurrency: 8 }, () => {
    upkeepClaims(get);
    endClaims(get);
    restartClaims(get);
    initClaims(get);
    volumeClaims(get);
    networkClaims(get);
    startClaims(get);
  });

  it("leaves nothing when all manifests go", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces, 120_000);
  });
});
