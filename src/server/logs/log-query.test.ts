import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestError } from "../errors.ts";
import { readLogQuery } from "./log-query.ts";

const read = (query: string) => readLogQuery(new URLSearchParams(query), 100_000);
const problem = (query: string) => {
  try {
    read(query);
    return "none";
  } catch (error) {
    return error instanceof RequestError ? `${error.httpStatus}` : String(error);
  }
};

describe("query of a log request", () => {
  it("carries the options of the API", () => {
    const { container, previous, options } = read(
      "container=a&previous=true&follow=1&timestamps=true&tailLines=3&limitBytes=9",
    );
    assert.deepEqual([container, previous], ["a", true]);
    assert.deepEqual(options, { follow: true, timestamps: true, tailLines: 3, limitBytes: 9 });
    assert.equal(read("sinceSeconds=10").options.since?.seconds, 90);
    assert.equal(read("sinceTime=1970-01-01T00:00:05Z").options.since?.seconds, 5);
    assert.equal(read("follow=false").options.follow, false);
    assert.equal(read("stream=Stderr").options.stream, "stderr");
  });

  it("refuses what makes no sense with 422 and what cannot be read with 400", () => {
    for (const query of ["tailLines=-1", "limitBytes=0", "sinceSeconds=0", "stream=x"])
      assert.equal(problem(query), "422", query);
    assert.equal(problem("sinceSeconds=1&sinceTime=1970-01-01T00:00:05Z"), "422");
    for (const query of ["tailLines=x", "sinceTime=yesterday"]) assert.equal(problem(query), "400", query);
  });
});
