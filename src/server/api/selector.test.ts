import assert from "node:assert/strict";
import { it } from "node:test";
import { RequestError } from "../errors.ts";
import { parseSelector } from "./selector.ts";

const labels = { app: "web", tier: "front" };
const matches = (text: string) => parseSelector(text)(labels);

it("selects by equality, sets and existence, all of which must hold", () => {
  for (const yes of [
    "",
    "app=web",
    "app==web",
    "app!=db",
    "none!=x",
    "app",
    "!none",
    "app in (db, web)",
    "app notin (db),tier",
  ]) {
    assert.ok(matches(yes), yes);
  }
  for (const no of [
    "app=db",
    "app!=web",
    "none=x",
    "!app",
    "none",
    "app in (db)",
    "app notin (web)",
    "app=web,tier=back",
  ]) {
    assert.ok(!matches(no), no);
  }
  assert.ok(!parseSelector("app=web")(undefined));
  assert.throws(() => parseSelector("app >"), RequestError);
});
