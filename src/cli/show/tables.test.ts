import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "../../core/api/types.ts";
import type { CriImage } from "../../core/cri/types.ts";
import type { ApiEvent } from "./api-event.ts";
import { manifestProblemsText, problemLine } from "./manifest-problems.ts";
import { blockTable, outlineText } from "./outline.ts";
import { structuredText } from "./structured.ts";
import { Table } from "./table.ts";
import { eventRows, imageRows, podRows } from "./tables.ts";

const START = "2024-01-01T00:00:00Z";
const nowMs = Date.parse(START) + 130_000;
const plain = { nowMs, wide: false, withNamespace: false };
const text = (rows: readonly (readonly string[])[]) => new Table().lines(rows);

const pod: Pod = {
  metadata: { name: "web", namespace: "prod" },
  spec: {
    nodeName: "node1",
    containers: [
      { name: "a", image: "x" },
      { name: "b", image: "x" },
    ],
  },
  status: {
    phase: "Running",
    podIP: "10.0.0.2",
    startTime: START,
    containerStatuses: ["a", "b"].map((name) => ({
      name,
      image: "x",
      imageID: "",
      ready: name === "a",
      restartCount: name === "b" ? 3 : 0,
      state: name === "a" ? { running: {} } : { waiting: { reason: "CrashLoopBackOff" } },
      lastState: name === "b" ? { terminated: { exitCode: 1, finishedAt: "2024-01-01T00:02:00Z" } } : {},
    })),
  },
};

describe("tables", () => {
  it("show pods, with their place when wide and their namespace when there are several", () => {
    assert.equal(
      text(podRows([pod], plain)),
      "NAME   READY   STATUS             RESTARTS      AGE\nweb    1/2     CrashLoopBackOff   3 (10s ago)   2m10s\n",
    );
    const wide = text(podRows([pod], { nowMs, wide: true, withNamespace: true }));
    assert.match(wide, /^NAMESPACE +NAME .* IP +NODE +IMAGES\nprod +web .* 10\.0\.0\.2 +node1 +x\n$/);
    assert.match(text(podRows([{ metadata: { name: "new" } }], plain)), /^new +0\/0 +Unknown +0 +<unknown>$/m);
  });

  it("show events and images", () => {
    const event: ApiEvent = {
      metadata: { name: "e" },
      involvedObject: { kind: "Pod", name: "web", fieldPath: "spec.containers{a}" },
      type: "Warning",
      reason: "BackOff",
      message: "again\n",
      count: 4,
      firstTimestamp: START,
      lastTimestamp: "2024-01-01T00:02:00Z",
      source: { component: "kubelet", host: "node1" },
    };
    assert.match(text(eventRows([event], plain)), /^10s +Warning +BackOff +pod\/web +again$/m);
    assert.match(
      text(eventRows([event], { ...plain, wide: true })),
      /spec\.containers\{a\} +kubelet, node1 +again +2m10s +4 +e$/m,
    );
    const image = (id: string, repoTags: readonly string[]): CriImage => {
      return { id, repoTags, repoDigests: [], sizeBytes: 2_130_000, username: "", pinned: false };
    };
    const images = [image("sha256:0123456789abcdef", ["reg:5000/a/b:1"]), image("sha256:ff", [])];
    assert.match(
      text(imageRows(images, plain)),
      /^<none> +<none> +ff +2\.13MB\nreg:5000\/a\/b +1 +0123456789abc +2\.13MB\n$/m,
    );
  });

  it("stay aligned with what was printed before", () => {
    const table = new Table();
    assert.equal(
      table.lines([
        ["NAME", "X"],
        ["long-name", "1"],
      ]),
      "NAME        X\nlong-name   1\n",
    );
    assert.equal(table.lines([["a", "2"]]), "a           2\n");
  });
});

describe("problems of manifests", () => {
  it("stand with their place, near paths written short", () => {
    const problem = { path: "/here/m/a.yaml", line: 7, subject: "Pod default/a", field: "spec.x", message: "wrong" };
    assert.equal(problemLine(problem, "/here"), "m/a.yaml:7: Pod default/a: spec.x: wrong");
    assert.equal(
      problemLine({ path: "/far/b.yaml", document: 1, message: "bad" }, "/here"),
      "/far/b.yaml (document 2): bad",
    );
    assert.equal(problemLine({ path: "http://x/y", message: "gone" }, "/here"), "http://x/y: gone");
    assert.equal(manifestProblemsText([], "/here"), "");
    assert.match(manifestProblemsText([problem, problem], "/here"), /^2 problems in manifests:\n {2}m\/a\.yaml:7/);
  });
});

describe("outlines", () => {
  it("put values side by side into one column, and several below each other", () => {
    const items = [
      { key: "Name", value: "web" },
      { key: "Long Name", value: ["a", "b"] },
      { key: "Empty", value: "" },
      { key: "Inner", children: [{ key: "X", value: "1" }], block: ["line"] },
    ];
    assert.equal(
      outlineText(items),
      "Name:       web\nLong Name:  a\n            b\nEmpty:\nInner:\n  line\n  X:  1\n",
    );
    assert.deepEqual(blockTable(["A", "BB"], [["long", "x"]]), ["A     BB", "-     --", "long  x"]);
  });
});

describe("structured output", () => {
  it("is valid YAML that older readers understand the same way, with sorted keys", async () => {
    const yaml = await structuredText("yaml", { b: "yes", a: { d: "1", c: [1, "line\nline"] } });
    assert.equal(yaml, 'a:\n  c:\n    - 1\n    - |-\n      line\n      line\n  d: "1"\nb: "yes"\n');
    assert.equal(await structuredText("json", { a: 1 }), '{\n    "a": 1\n}\n');
  });
});
