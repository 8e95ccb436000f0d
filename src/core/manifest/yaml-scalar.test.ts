import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveKey, resolvePlainScalar } from "./yaml-scalar.ts";

function json(text: string): string {
  const scalar = resolvePlainScalar(text, 1);
  if ("error" in scalar) return scalar.error;
  if (scalar.kind === "number") return scalar.text;
  return "value" in scalar ? JSON.stringify(scalar.value) : "null";
}

describe("resolvePlainScalar", () => {
  it("knows YAML 1.1's words", () => {
    for (const text of ["y", "Yes", "ON", "true"]) assert.equal(json(text), "true");
    for (const text of ["n", "No", "off", "FALSE"]) assert.equal(json(text), "false");
    for (const text of ["", "~", "Null"]) assert.equal(json(text), "null");
    for (const text of ["yEs", "nil", "tRUE", "<<"]) assert.equal(json(text), JSON.stringify(text));
  });

  it("reads integers of every base, with underscores, as Go's ParseInt does", () => {
    const numbers: Readonly<Record<string, string>> = {
      "1_000": "1000",
      "+5": "5",
      "-0x1F": "-31",
      "010": "8",
      "0o17": "15",
      "0b11": "3",
      "08": "8",
      "9223372036854775808": "9223372036854775808",
      "18446744073709551616": "18446744073709552000",
    };
    for (const [text, number] of Object.entries(numbers)) assert.equal(json(text), number, text);
  });

  it("writes floats as Go's JSON does", () => {
    const numbers: Readonly<Record<string, string>> = {
      "30.0": "30",
      "1e3": "1000",
      ".5": "0.5",
      "-1.": "-1",
      "1e21": "1e+21",
      "1e-7": "1e-7",
      "-0.0": "-0",
    };
    for (const [text, number] of Object.entries(numbers)) assert.equal(json(text), number, text);
  });

  it("leaves dates, versions and over-long numbers text", () => {
    for (const text of ["2001-01-01", "1.2.3", "0x", "1e999", "--1", "+.5x"]) {
      assert.equal(json(text), JSON.stringify(text));
    }
  });

  it("has no JSON for infinity and not-a-number", () => {
    assert.equal(json("-.INF"), "json: unsupported value: -Inf");
    assert.equal(json(".nan"), "json: unsupported value: NaN");
  });

  it("makes texts of number and bool keys and refuses null keys", () => {
    assert.deepEqual(resolveKey(resolvePlainScalar("0x10", 1)), { key: "16" });
    assert.deepEqual(resolveKey(resolvePlainScalar("yes", 1)), { key: "true" });
    assert.ok("error" in resolveKey(resolvePlainScalar("~", 1)));
  });
});
