import assert from "node:assert/strict";
import { test } from "node:test";
import { CRI_TIME, formatLogTime, isLogTimeError, logTimeOfMs, parseLogTime, RFC3339_TIME } from "./log-time.ts";
import { plainLogTime } from "./plain-log-time.ts";

function error(text: string): string {
  const time = parseLogTime(text, CRI_TIME);
  return isLogTimeError(time) ? time.error.replace(/^parsing time "[^"]*"/, "") : "";
}

test("a time prints as it was read, in its own zone, with nine digits", () => {
  const shown = (text: string) => {
    const time = parseLogTime(text, CRI_TIME);
    return isLogTimeError(time) ? time.error : formatLogTime(time);
  };
  assert.equal(shown("2024-02-29T23:59:59.1-09:30"), "2024-02-29T23:59:59.100000000-09:30");
  assert.equal(shown("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000000000Z");
  assert.equal(shown("2024-01-01T7:00:00,25+00:00"), "2024-01-01T07:00:00.250000000Z");
});

test("times agree with those of Date over 2600 years", () => {
  for (let day = -719_000; day < 250_000; day += 97) {
    const ms = day * 86_400_000 + 45_296_789;
    assert.equal(formatLogTime(logTimeOfMs(ms)), new Date(ms).toISOString().replace("Z", "000000Z"));
    const parsed = parseLogTime(new Date(ms).toISOString(), CRI_TIME);
    assert.deepEqual(parsed, logTimeOfMs(ms));
  }
});

test("what is wrong with a time is told in Go's words", () => {
  const layout = ' as "2006-01-02T15:04:05.999999999Z07:00": cannot parse ';
  assert.equal(error("x024-01-01T00:00:00Z"), `${layout}"x024-01-01T00:00:00Z" as "2006"`);
  assert.equal(error("2024-1-01T00:00:00Z"), `${layout}"1-01T00:00:00Z" as "01"`);
  assert.equal(error("2024-01-01T00:00:00"), `${layout}"" as "Z07:00"`);
  assert.equal(error("2024-01-01T00:00:00+0200"), `${layout}"+0200" as "Z07:00"`);
  assert.equal(error("2024-01-01T24:00:00Z"), ": hour out of range");
  assert.equal(error("2023-02-29T00:00:00Z"), ": day out of range");
  assert.equal(error("2024-01-00T00:00:00Z"), ": day out of range");
  assert.equal(error("2024-01-01T00:00:00Zé"), ': extra text: "\\xc3\\xa9"');
});

test("RFC 3339 takes more than nine digits of a second, the CRI layout does not", () => {
  const text = "2024-01-01T00:00:00.12345678999Z";
  const time = parseLogTime(text, RFC3339_TIME);
  assert.equal(isLogTimeError(time) ? "" : formatLogTime(time), "2024-01-01T00:00:00.123456789Z");
  assert.ok(isLogTimeError(parseLogTime(text, CRI_TIME)));
});

test("the short way reads a time as the long one does, or leaves it to it", () => {
  const ends = ["Z", ".Z", ".5Z", ".123456789Z", ".1234567891Z", "+00:00", ".5", "ZZ"];
  const dates = ["2024-01-31", "2024-02-28", "2024-02-29", "2023-02-29", "2024-04-31", "2024-13-01", "2024-00-10"];
  const clocks = ["00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "1a:00:00"];
  let read = 0;
  for (const text of dates.flatMap((date) => clocks.flatMap((clock) => ends.map((end) => `${date}T${clock}${end}`)))) {
    const bytes = new TextEncoder().encode(`${text} stdout`);
    const plain = plainLogTime(bytes, text.length);
    if (plain === undefined) continue;
    read += 1;
    assert.deepEqual(plain, parseLogTime(text, CRI_TIME), text);
  }
  assert.equal(read, 2 * 1 * 3);
});
