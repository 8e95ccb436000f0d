/** What 200 probes with a period of a second cost the agent, beside the same pods without any. */
import type { Pod } from "../src/core/api/types.ts";
import { AgentNode, BUSYBOX, isRunning } from "../test/support/agent-node.ts";
import { percentAtRest, round } from "./support.ts";

const PODS = 50;
const PORTS = [8080, 8081] as const;

export async function probeFigures(): Promise<unknown> {
  const node = new AgentNode({ bridge: "tskbench3" });
  try {
    await node.start();
    const without = await percentAtRest(node, servers("plain", false), isRunning);
    const probed = await percentAtRest(node, servers("probed", true), isReady);
    return {
      probes: PODS * PORTS.length * 2,
      periodSeconds: 1,
      withProbesPercentOfACore: round(probed),
      withoutPercentOfACore: round(without),
      morePercentOfACore: round(probed - without),
    };
  } finally {
    await node.close();
  }
}

/** Pods of two small web servers; each answers an HTTP and a TCP probe. */
function servers(prefix: string, areProbed: boolean): readonly unknown[] {
  return Array.from({ length: PODS }, (_, i) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${prefix}-${i}` },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: PORTS.map((port) => ({
        name: `server-${port}`,
        image: BUSYBOX,
        imagePullPolicy: "Never",
        command: ["sh", "-c", `mkdir /www; echo well > /www/index.html; exec httpd -f -p ${port} -h /www`],
        ...(areProbed && {
          readinessProbe: { httpGet: { path: "/", port }, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port }, periodSeconds: 1 },
        }),
      })),
    },
  }));
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}
