import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseBlkio, parseIoStat } from "./io-text.ts";
import { numberOf, numbersByName, processIds } from "./kernel-text.ts";
import { parseNetDev } from "./network-text.ts";
import { parsePressure } from "./pressure-text.ts";

describe("texts of the kernel", () => {
  it("a number is digits alone", () => {
    assert.equal(numberOf("4096\n"), 4096);
    assert.equal(numberOf("18446744073709551615\n"), 2 ** 64);
    for (const text of ["max\n", "", "\n", "-1\n", "1 2\n", "0x10\n", "1e3", "123456789012345678901\n", undefined]) {
      assert.equal(numberOf(text), undefined, JSON.stringify(text));
    }
  });

  it("of lines with names the wanted ones are read, and garbage is no number", () => {
    const text = "anon 5\nfile garbage\ninactive_file 7 8\nactive_file -3\nanon_thp 9\n\nlast 1";
    const wanted = new Set(["anon", "file", "inactive_file", "active_file", "last"]);
    assert.deepEqual(
      [...numbersByName(text, wanted)],
      [
        ["anon", 5],
        ["last", 1],
      ],
    );
    const info = "MemTotal:       16316412 kB\nHugePages_Total:       3\nMemFree: many kB\n";
    assert.deepEqual(
      [...numbersByName(info, new Set(["MemTotal", "MemFree", "HugePages_Total"]))],
      [
        ["MemTotal", 16_316_412],
        ["HugePages_Total", 3],
      ],
    );
  });

  it("process ids of other namespaces are none here", () => {
    assert.deepEqual(processIds("0\n12\nx\n345\n"), [12, 345]);
  });

  it("pressure with and without 'full'", () => {
    const some = "some avg10=1.50 avg60=0.20 avg300=0.00 total=3655\n";
    const full = "full avg10=0.00 avg60=0.00 avg300=0.01 total=2021\n";
    assert.deepEqual(parsePressure(some + full), {
      some: { total: 3655, avg10: 1.5, avg60: 0.2, avg300: 0 },
      full: { total: 2021, avg10: 0, avg60: 0, avg300: 0.01 },
    });
    assert.equal(parsePressure(some)?.full.total, 0);
    assert.equal(parsePressure("garbage"), undefined);
    assert.equal(parsePressure(""), undefined);
  });

  it("io is summed over devices", () => {
    const v2 = "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=3 wios=4\n8:32\n";
    assert.deepEqual(parseIoStat(v2), { readBytes: 11, writeBytes: 22, readOperations: 4, writeOperations: 6 });
    const bytes = "8:0 Read 10\n8:0 Write 20\n8:16 Read 1\nTotal 31\n";
    assert.deepEqual(parseBlkio(bytes, "8:0 Read 3\nTotal 3\n"), {
      readBytes: 11,
      writeBytes: 20,
      readOperations: 3,
      writeOperations: 0,
    });
  });

  it("network interfaces without the loopback, all or none", () => {
    const head = "Inter-| Receive | Transmit\n face |bytes packets errs |bytes\n";
    const lo = "    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n";
    const eth = "  eth0:3003 40 2 0 0 0 0 0 4004 50 3 0 0 0 0 0\n";
    assert.deepEqual(parseNetDev(head + lo + eth), [
      { name: "eth0", rxBytes: 3003, rxErrors: 2, txBytes: 4004, txErrors: 3 },
    ]);
    assert.equal(parseNetDev(`${head}${eth}  eth1: 1 2 3\n`), undefined);
  });
});
