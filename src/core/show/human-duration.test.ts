import assert from "node:assert/strict";
import { it } from "node:test";
import { humanDuration } from "./human-duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

it("shows an age with as many units as its size deserves", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-3 * SECOND, "<invalid>"],
    [-SECOND, "0s"],
    [0, "0s"],
    [119_999, "119s"],
    [2 * MINUTE, "2m"],
    [9 * MINUTE + 5 * SECOND, "9m5s"],
    [10 * MINUTE + 5 * SECOND, "10m"],
    [179 * MINUTE, "179m"],
    [3 * HOUR, "3h"],
    [7 * HOUR + 59 * MINUTE, "7h59m"],
    [8 * HOUR + MINUTE, "8h"],
    [47 * HOUR, "47h"],
    [2 * DAY + HOUR, "2d1h"],
    [8 * DAY + HOUR, "8d"],
    [729 * DAY, "729d"],
    [730 * DAY, "2y"],
    [731 * DAY, "2y1d"],
    [8 * 365 * DAY + DAY, "8y"],
  ];
  for (const [ms, text] of cases) assert.equal(humanDuration(ms), text, String(ms));
});
