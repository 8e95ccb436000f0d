import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FollowedLog } from "./followed-log.ts";

const T1 = "2024-01-01T00:00:01.000000000Z";
const T2 = "2024-01-01T00:00:02.000000000Z";

function fed(log: FollowedLog, text: string): string {
  return log.feed(Buffer.from(text)).toString();
}

describe("a followed log", () => {
  it("shows whole lines without their times, or with them", () => {
    const plain = new FollowedLog({ showTimes: false });
    assert.equal(fed(plain, `${T1} one\n${T2} tw`), "one\n");
    assert.equal(fed(plain, "o\n"), "two\n");
    assert.equal(fed(new FollowedLog({ showTimes: true }), `${T1} one\n`), `${T1} one\n`);
  });

  it("shows at its end a line that has none", () => {
    const log = new FollowedLog({ showTimes: false });
    assert.equal(fed(log, `${T1} half`), "");
    assert.equal(log.end().toString(), "half");
    assert.equal(log.end().toString(), "");
  });

  it("goes on after a break without repeating or losing a line, also where several have one time", () => {
    const log = new FollowedLog({ showTimes: false });
    assert.equal(log.resumeTime, undefined);
    assert.equal(fed(log, `${T1} a\n${T2} b\n${T2} c\n${T2} unfin`), "a\nb\nc\n");
    log.reconnected();
    assert.equal(log.resumeTime, T2);
    assert.equal(fed(log, `${T2} b\n${T2} c\n${T2} unfinished\n`), "unfinished\n");
    log.reconnected();
    assert.equal(fed(log, `${T2} b\n${T2} c\n`), "");
    assert.equal(fed(log, `${T2} unfinished\n${T2} d\n`), "d\n");
  });

  it("shows everything when the lines of the break are gone from the log", () => {
    const log = new FollowedLog({ showTimes: false });
    assert.equal(fed(log, `${T1} a\n${T1} b\n`), "a\nb\n");
    log.reconnected();
    assert.equal(fed(log, `${T2} c\n${T2} d\n`), "c\nd\n");
  });
});
