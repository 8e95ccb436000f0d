import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf } from "../manifest/struct-types.ts";
import { NOT_YET, unsupportedFields } from "./unsupported-fields.ts";

test("what a pod sets in vain is found wherever it stands", () => {
  const resizePolicy = [{ resourceName: "cpu", restartPolicy: "NotRequired" }];
  const pod = {
    spec: {
      containers: [{ name: "a" }, { name: "b", resizePolicy, volumeMounts: [{ name: "v", mountPath: "/v" }] }],
      initContainers: [
        { name: "i", env: [{ name: "A", valueFrom: { fileKeyRef: { volumeName: "v", path: "p", key: "k" } } }] },
      ],
      resourceClaims: [{ name: "gpu" }],
      volumes: [{ name: "v", emptyDir: {} }],
    },
  };
  assert.deepEqual(unsupportedFields(pod), [
    "spec.initContainers[0].env[0].valueFrom.fileKeyRef",
    "spec.containers[1].resizePolicy",
    "spec.resourceClaims",
  ]);
});

test("a pod that asks for nothing of it has none", () => {
  assert.deepEqual(unsupportedFields({}), []);
  assert.deepEqual(unsupportedFields({ spec: { containers: [{ name: "a", env: [{ name: "A", value: "1" }] }] } }), []);
});

test("only fields that the API has are named", () => {
  const unknown = [...NOT_YET].filter((name) => {
    const [struct = "", field = ""] = name.split(".");
    return !fieldsOf(struct).has(field);
  });
  assert.deepEqual(unknown, []);
});
