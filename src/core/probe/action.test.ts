import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../api/types.ts";
import { containerPort, probeAction } from "./action.ts";
import { requestTarget } from "./request-target.ts";

const CONTAINER: Container = {
  name: "main",
  ports: [{ name: "web", containerPort: 8080 }],
  env: [
    { name: "FILE", value: "/ok" },
    { name: "REF", valueFrom: {} },
  ],
};

test("a command sees the plain values of the container's environment, and nothing for the others", () => {
  const probe = { exec: { command: ["cat", "$(FILE)$(REF)", "$(NONE)"] }, timeoutSeconds: 2 };
  assert.deepEqual(probeAction(probe, CONTAINER, ""), {
    kind: "exec",
    command: ["cat", "/ok", "$(NONE)"],
    timeoutMs: 2000,
  });
});

test("a command that grows beyond all bounds cannot be carried out", () => {
  const container = { ...CONTAINER, env: [{ name: "A", value: "a".repeat(500_000) }] };
  const action = probeAction({ exec: { command: ["$(A)".repeat(1_200)] } }, container, "");
  assert.match("error" in action ? action.error : "", /^command and args are longer than 16 MiB/);
});

test("an HTTP probe goes to the pod unless it names a host, and says who asks", () => {
  const probe = { httpGet: { port: "web", path: "/healthz", scheme: "HTTPS" }, timeoutSeconds: 1 };
  assert.deepEqual(probeAction(probe, CONTAINER, "10.0.0.9"), {
    kind: "httpGet",
    scheme: "https",
    host: "10.0.0.9",
    port: 8080,
    target: "/healthz",
    headers: [
      { name: "User-Agent", value: "kube-probe/1.26" },
      { name: "Accept", value: "*/*" },
    ],
    timeoutMs: 1000,
  });
  const own = [
    { name: "user-agent", value: "mine" },
    { name: "accept", value: "" },
    { name: "Host", value: "shop.example" },
  ];
  const named = probeAction({ httpGet: { port: 80, host: "127.0.0.1", httpHeaders: own } }, CONTAINER, "10.0.0.9");
  assert.ok("kind" in named && named.kind === "httpGet");
  assert.equal(named.host, "127.0.0.1");
  assert.deepEqual(named.headers, [
    { name: "user-agent", value: "mine" },
    { name: "Host", value: "shop.example" },
  ]);
});

test("a port is a number, a name of the container, or a number as text", () => {
  assert.deepEqual(containerPort(80, CONTAINER), { port: 80 });
  assert.deepEqual(containerPort("web", CONTAINER), { port: 8080 });
  assert.deepEqual(containerPort("81", CONTAINER), { port: 81 });
  assert.deepEqual(containerPort("ftp", CONTAINER), { error: 'strconv.Atoi: parsing "ftp": invalid syntax' });
  assert.deepEqual(containerPort(70_000, CONTAINER), { error: "invalid port number: 70000" });
});

test("the path of a probe may hold a query, and never another host", () => {
  const targets: readonly (readonly [string, string])[] = [
    ["/healthz", "/healthz"],
    ["", "/"],
    ["healthz?full=1#part", "/healthz?full=1"],
    ["?a=b", "/?a=b"],
    ["//evil.example/x", "/x"],
    ["http://evil.example/x?y", "/x?y"],
    ["/a b/ü?q=a b", "/a%20b/%C3%BC?q=a%20b"],
    ["/done%20already", "/done%20already"],
    ["/broken%2?x", "/broken%252%3Fx"],
    ["/two\r\nX: y", "/two%0D%0AX:%20y"],
  ];
  for (const [path, target] of targets) assert.equal(requestTarget(path), target, path);
});
