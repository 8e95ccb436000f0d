import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeStruct } from "./decode-struct.ts";
import { encodeStruct } from "./encode-struct.ts";
import type { GoType } from "./go-type.ts";
import { nodeOf } from "./manifest-node.ts";
import { fieldsOf, STRUCTS } from "./struct-types.ts";

function structsIn(type: GoType): readonly string[] {
  if (type.kind === "struct") return [type.struct];
  if (type.kind === "list") return structsIn(type.item.type);
  return type.kind === "map" ? structsIn(type.value.type) : [];
}

describe("struct tables", () => {
  it("refer to structs that exist only", () => {
    for (const struct of Object.keys(STRUCTS)) {
      for (const [name, field] of fieldsOf(struct)) {
        for (const used of structsIn(field.type)) assert.ok(used in STRUCTS, `${struct}.${name} is a ${used}`);
      }
    }
  });

  it("are all reachable from an object", () => {
    const objects = ["Pod", "PodList", "ConfigMap", "Secret", "RuntimeClass"];
    const storage = ["PersistentVolume", "PersistentVolumeClaim", "StorageClass", "CSIDriver"];
    const reached = new Set([...objects, ...storage]);
    for (const struct of reached) {
      for (const field of fieldsOf(struct).values()) for (const used of structsIn(field.type)) reached.add(used);
    }
    assert.deepEqual(
      Object.keys(STRUCTS).filter((struct) => !reached.has(struct)),
      [],
    );
  });

  it("write what they read: an encoded pod decodes to itself", () => {
    const written = {
      metadata: { name: "a", creationTimestamp: "2020-01-01T01:00:00+01:00" },
      spec: {
        containers: [{ name: "c", resources: { limits: { memory: "0.5Gi" } } }],
        shareProcessNamespace: false,
        hostPID: false,
        volumes: [{ name: "v", projected: {} }],
      },
    };
    const node = nodeOf(written);
    assert.ok(node !== undefined);
    const decoded = decodeStruct(node, "Pod").value;
    const encoded = encodeStruct(decoded, "Pod");
    assert.deepEqual(encoded["spec"], {
      volumes: [{ name: "v", projected: { sources: null } }],
      containers: [{ name: "c", resources: { limits: { memory: "512Mi" } } }],
      shareProcessNamespace: false,
    });
    assert.deepEqual(encoded["metadata"], { name: "a", creationTimestamp: "2020-01-01T00:00:00Z" });
    const again = nodeOf(encoded);
    assert.ok(again !== undefined);
    assert.deepEqual(decodeStruct(again, "Pod").value, decoded);
  });
});
