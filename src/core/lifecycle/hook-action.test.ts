import assert from "node:assert/strict";
import { test } from "node:test";
import { commandErrorText, hookAction, hookFailureText } from "./hook-action.ts";

const CONTAINER = { name: "main", ports: [{ name: "web", containerPort: 8080 }] };
const POD = { metadata: { name: "p", namespace: "ns", uid: "u" } };

test("a command runs as it is written", () => {
  assert.deepEqual(hookAction({ exec: { command: ["echo", "$(X)"] } }, CONTAINER, ""), {
    kind: "exec",
    command: ["echo", "$(X)"],
  });
});

test("a request goes to the pod, with its headers and those of a kubelet's hook, and takes any answer", () => {
  const action = hookAction(
    { httpGet: { port: "web", path: "/bye?now", httpHeaders: [{ name: "X", value: "y" }] } },
    CONTAINER,
    "10.0.0.7",
  );
  assert.ok("kind" in action && action.kind === "httpGet");
  const { host, port, target, scheme, headers, anyAnswer } = action.request;
  assert.deepEqual([scheme, host, port, target, anyAnswer], ["http", "10.0.0.7", 8080, "/bye?now", true]);
  assert.deepEqual(headers.slice(0, 2), [
    { name: "X", value: "y" },
    { name: "User-Agent", value: "kube-lifecycle/1.26" },
  ]);
});

test("what cannot run says why", () => {
  const error = (...[handler, ip = "10.0.0.7"]: [Parameters<typeof hookAction>[0], string?]) => {
    const action = hookAction(handler, CONTAINER, ip);
    return "error" in action ? action.error : undefined;
  };
  assert.match(error({ httpGet: { port: 80 } }, "") ?? "", /^failed to find networking container/);
  assert.match(error({ httpGet: { port: "admin" } }) ?? "", /"admin"/);
  assert.match(error({ tcpSocket: { port: 80 } }) ?? "", /^invalid handler/);
});

test("failures are told in the kubelet's words", () => {
  const failure = { error: commandErrorText(["sh", "-c", "x"], 127, "not found"), output: "not found" };
  assert.equal(
    hookFailureText({ exec: { command: ["sh", "-c", "x"] } }, "main", POD, failure),
    'Exec lifecycle hook ([sh -c x]) for Container "main" in Pod "p_ns(u)" failed - error: ' +
      "command 'sh -c x' exited with 127: not found, message: \"not found\"",
  );
  assert.equal(
    hookFailureText({ httpGet: { port: 80, path: "/bye" } }, "main", POD, { error: "refused", output: "" }),
    'HTTP lifecycle hook (/bye) for Container "main" in Pod "p_ns(u)" failed - error: refused',
  );
});
