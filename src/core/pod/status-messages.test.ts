import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStatus } from "../api/types.ts";
import { withinMessageLimit } from "./status-messages.ts";

const ended = (name: string, message: string): ContainerStatus => ({
  name,
  image: "app",
  imageID: "",
  ready: false,
  restartCount: 1,
  state: { terminated: { exitCode: 1, message } },
  lastState: { terminated: { exitCode: 1, message } },
});
const lengthOf = (text: string | undefined) => new TextEncoder().encode(text).length;

test("last words of a pod's containers share 12 KiB equally, those of ephemeral and init containers among them", () => {
  const all = ["a", "b", "c", "d"].map((name) => ended(name, "x".repeat(4096)));
  const { containerStatuses = [], initContainerStatuses = [] } = withinMessageLimit({
    containerStatuses: all,
    initContainerStatuses: [ended("i", "short")],
    ephemeralContainerStatuses: [ended("e", "")],
  });
  const lengths = containerStatuses.map(({ state, lastState }) => [
    lengthOf(state?.terminated?.message),
    lengthOf(lastState?.terminated?.message),
  ]);
  assert.deepEqual(lengths, Array(4).fill([2048, 2048]));
  assert.equal(initContainerStatuses[0]?.state?.terminated?.message, "short");
});

test("a few containers keep all of their words, and no character is cut in two", () => {
  const three = ["a", "b", "c"].map((name) => ended(name, "x".repeat(4096)));
  assert.deepEqual(withinMessageLimit({ containerStatuses: three }), { containerStatuses: three });
  const wide = ["a", "b", "c", "d", "e"].map((name) => ended(name, "\u20ac".repeat(1000)));
  const [status] = withinMessageLimit({ containerStatuses: wide }).containerStatuses ?? [];
  assert.equal(status?.state?.terminated?.message, "\u20ac".repeat(819));
});
