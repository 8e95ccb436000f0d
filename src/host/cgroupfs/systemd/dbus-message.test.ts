import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeDbus } from "./dbus-decode.ts";
import { type DbusValue, encodeDbus } from "./dbus-encode.ts";
import { decodeMessage, encodeCall } from "./dbus-message.ts";
import { parseSignature } from "./dbus-signature.ts";

function roundTrip(signature: string, values: readonly DbusValue[]): readonly DbusValue[] {
  return decodeDbus(signature, encodeDbus(signature, values), true);
}

describe("D-Bus values", () => {
  it("come back as they went, each at its own boundary", () => {
    const values = [
      7,
      true,
      -2,
      40_000,
      -5,
      3_000_000_000,
      -6n,
      18_446_744_073_709_551_615n,
      1.5,
      "\u00e4",
      "/o",
      "as",
    ];
    assert.deepEqual(roundTrip("ybnqiuxtdsog", values), values);
    assert.deepEqual(roundTrip("yty", [1, 2n, 3]), [1, 2n, 3]);
  });

  it("come back from structs, dictionaries, variants and arrays within arrays, also empty ones", () => {
    const property = ["Slice", { signature: "(st)", value: ["a", 9n] }];
    assert.deepEqual(roundTrip("sa(sv)a(sa(sv))", ["unit", [property], []]), ["unit", [property], []]);
    assert.deepEqual(roundTrip("a{sv}aat", [[], [[1n], [], [2n, 3n]]]), [[], [[1n], [], [2n, 3n]]]);
  });

  it("grow beyond any first buffer at every place", () => {
    for (let size = 200; size < 300; size++) {
      const values: DbusValue[] = ["x".repeat(size), true, 5n, { signature: "s", value: "y".repeat(size) }];
      assert.deepEqual(roundTrip("sbtv", values), values);
    }
  });

  it("are laid out as the specification says", () => {
    const bytes = encodeDbus("ya(sv)", [1, [["n", { signature: "u", value: 7 }]]]);
    // y, padding to the length, the length, padding to the struct; "n" with its length and end; "u" with its length and
    // end, padding, 7.
    const expected = "01000000" + "10000000" + "010000006e00" + "017500" + "000000" + "07000000";
    assert.equal(bytes.toString("hex"), expected);
  });

  it("are refused when the bytes end too early or the signature is none", () => {
    assert.throws(() => decodeDbus("s", Buffer.from([9, 0, 0, 0, 65]), true), RangeError);
    assert.throws(() => parseSignature("a(s"), /not a D-Bus signature/);
    assert.throws(() => parseSignature("k"), /not a D-Bus signature/);
  });
});

describe("D-Bus messages", () => {
  const call = { destination: "a.b", path: "/c", interface: "d.e", member: "F", signature: "s", body: ["text"] };

  it("are read one by one from a stream, whatever pieces it comes in", () => {
    const stream = Buffer.concat([encodeCall(1, call), encodeCall(2, { ...call, member: "G" })]);
    for (let cut = 0; cut < 16; cut++) assert.equal(decodeMessage(stream.subarray(0, cut)), undefined);
    const first = decodeMessage(stream);
    assert.equal(decodeMessage(stream.subarray(0, (first?.length ?? 0) - 1)), undefined);
    assert.equal(first?.message.member, "F");
    assert.deepEqual(first?.message.body, ["text"]);
    assert.equal(decodeMessage(stream.subarray(first?.length ?? 0))?.message.member, "G");
  });

  it("of absurd length are refused instead of waited for", () => {
    const bytes = encodeCall(1, call);
    bytes.writeUInt32LE(2 ** 31, 4);
    assert.throws(() => decodeMessage(bytes), RangeError);
  });
});
