import assert from "node:assert/strict";
import { test } from "node:test";
import { fileUserOf } from "./file-user.ts";

test("files belong to the user that all containers run as, if there is one", () => {
  const user = (runAsUser?: number) => ({
    name: "c",
    ...(runAsUser !== undefined && { securityContext: { runAsUser } }),
  });
  const of = (pod: number | undefined, ...containers: readonly (number | undefined)[]) =>
    fileUserOf({
      spec: {
        containers: containers.map(user),
        ...(pod !== undefined && { securityContext: { runAsUser: pod } }),
      },
    });
  assert.equal(of(5, undefined, undefined), 5);
  assert.equal(of(5, 6, 6), 6);
  assert.equal(of(5, 6, undefined), undefined);
  assert.equal(of(undefined, 6, undefined), undefined);
  assert.equal(of(0, undefined), 0);
});
