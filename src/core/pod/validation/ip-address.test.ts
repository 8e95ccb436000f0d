import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isIpAddress } from "./ip-address.ts";

describe("isIpAddress", () => {
  it("accepts IPv4, also with leading zeros, and every form of IPv6", () => {
    const addresses = ["1.2.3.4", "010.001.0.255", "::", "::1", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::"];
    for (const text of addresses) assert.equal(isIpAddress(text), true, text);
  });

  it("refuses everything else", () => {
    const others = [
      "",
      "1.2.3",
      "1.2.3.256",
      "1.2.3.4.5",
      "1.2.3.x",
      " 1.2.3.4",
      "1:2:3",
      "::1::",
      "1:2:3:4:5:6:7:8:9",
    ];
    const more = ["1::2:3:4:5:6:7:8", "fe80::1%eth0", "::12345", "::1.2.3", "1.2.3.4::", ":1", "1.2.3.4:5"];
    for (const text of [...others, ...more]) assert.equal(isIpAddress(text), false, text);
  });
});
