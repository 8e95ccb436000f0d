import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKernelLogRecord } from "./kernel-log-record.ts";

test("a record has priority, sequence, time and text; details after its line are left out", () => {
  assert.deepEqual(
    parseKernelLogRecord("6,339,5140900,-;NET: Registered protocol family 10\n SUBSYSTEM=x\n DEVICE=y\n"),
    {
      sequence: 339,
      level: 6,
      facility: 0,
      sinceBootUs: 5_140_900,
      text: "NET: Registered protocol family 10",
    },
  );
});

test("a program's record is told from the kernel's, and further fields are passed over", () => {
  const record = parseKernelLogRecord("14,1,2,c,caller=T77;systemd[1]: a;b\n");
  assert.equal(record?.facility, 1);
  assert.equal(record?.level, 6);
  assert.equal(record?.text, "systemd[1]: a;b");
});

test("an escaped backslash is one, and what is not printable stays escaped", () => {
  assert.equal(parseKernelLogRecord("6,1,2,-;a\\x5cb\\x0ac\n")?.text, "a\\b\\x0ac");
});

test("what is no record is none", () => {
  for (const text of ["", "garbage", "6,1;x", "-1,2,3,-;x"]) assert.equal(parseKernelLogRecord(text), undefined);
});
