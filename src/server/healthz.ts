/** Health checks in the form of Kubernetes components. Source: apiserver pkg/server/healthz, kubelet server.go. */
import { answerText } from "./http/answer.ts";
import type { Route, RouteRequest } from "./http/route-table.ts";

export interface HealthCheck {
  readonly name: string;
  /** What is wrong; `undefined`: healthy. */
  readonly check: () => string | undefined;
}

/** The kubelet's limit: a sync loop that did not go round for this long is stuck. */
const SYNC_LOOP_LIMIT_MS = 120_000;

/** `ping`, `log` and `syncloop`, as the kubelet names them. */
export function kubeletHealthChecks(agent: { syncLoopAgeMs(): number }): readonly HealthCheck[] {
  const syncLoop = () =>
    agent.syncLoopAgeMs() > SYNC_LOOP_LIMIT_MS ? "sync Loop took longer than expected" : undefined;
  const fine = () => undefined;
  return [
    { name: "ping", check: fine },
    { name: "log", check: fine },
    { name: "syncloop", check: syncLoop },
  ];
}

/** /healthz for all of them (`?verbose`, `?exclude=NAME`), /healthz/NAME for each. */
export function healthRoutes(checks: readonly HealthCheck[]): readonly Route[] {
  const all: Route = {
    methods: ["GET"],
    path: "/healthz",
    handle: (request, response) => {
      const { healthy, text } = report(checks, request);
      answerText(response, text, healthy ? 200 : 500);
    },
  };
  const each = checks.map(({ name, check }): Route => {
    return {
      methods: ["GET"],
      path: `/healthz/${name}`,
      handle: (_request, response) => {
        const problem = check();
        if (problem === undefined) answerText(response, "ok");
        else answerText(response, `internal server error: ${problem}\n`, 500);
      },
    };
  });
  return [all, ...each];
}

function report(checks: readonly HealthCheck[], { query }: RouteRequest) {
  const excluded = new Set(query.getAll("exclude"));
  const results = checks.map(({ name, check }) => {
    if (excluded.has(name)) return { isFine: true, line: `[+]${name} excluded: ok\n` };
    const problem = check();
    return problem === undefined
      ? { isFine: true, line: `[+]${name} ok\n` }
      : { isFine: false, line: `[-]${name} failed: ${problem}\n` };
  });
  const lines = results.map(({ line }) => line).join("");
  const healthy = results.every(({ isFine }) => isFine);
  if (!healthy) return { healthy, text: `${lines}healthz check failed\n` };
  return { healthy, text: query.has("verbose") ? `${lines}healthz check passed\n` : "ok" };
}
