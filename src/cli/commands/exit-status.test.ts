import assert from "node:assert/strict";
import { it } from "node:test";
import { parseExitStatus } from "./exit-status.ts";

it("reads from a status how a command ended, or why it did not run", () => {
  const details = { causes: [{ reason: "ExitCode", message: "7" }] };
  const failed = { status: "Failure", reason: "NonZeroExitCode", message: "exit code 7", details };
  const layers = "Internal error occurred: error executing command in container: no such file";
  assert.deepEqual(parseExitStatus(""), { exitCode: 0 });
  assert.deepEqual(parseExitStatus('{"metadata":{},"status":"Success"}'), { exitCode: 0 });
  assert.deepEqual(parseExitStatus(JSON.stringify(failed)), { exitCode: 7 });
  assert.deepEqual(parseExitStatus(JSON.stringify({ status: "Failure", message: layers })), {
    exitCode: 1,
    message: "no such file",
  });
  assert.deepEqual(parseExitStatus("not JSON\n"), { exitCode: 1, message: "not JSON" });
});
