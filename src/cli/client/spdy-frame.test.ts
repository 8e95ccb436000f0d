import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, inflateSync } from "node:zlib";
import { dataFrame, framesOf, pingFrame, SpdyFrameReader, SpdyHeaderWriter } from "./spdy-frame.ts";

/** What a server reads of the header blocks of these SYN_STREAM frames. */
function inflated(frames: readonly Buffer[]): string {
  const blocks = frames.map((frame) => frame.subarray(18));
  return inflateSync(Buffer.concat(blocks), { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1");
}

describe("SPDY frames", () => {
  it("open streams with lower-case headers, compressed as one stream over all of them", () => {
    const writer = new SpdyHeaderWriter();
    const frames = [writer.synStream(1, { streamType: "error" }), writer.synStream(3, { streamType: "stdin" })];
    assert.equal(frames[0]?.subarray(0, 4).toString("hex"), "80030001");
    assert.deepEqual(
      frames.map((frame) => frame.readUInt32BE(8)),
      [1, 3],
    );
    assert.ok(frames.every((frame) => frame.readUInt32BE(4) === frame.length - 8));
    const one = (value: string) => `\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05${value}`;
    assert.equal(inflated(frames), one("error") + one("stdin"));
  });

  it("carry data, and the end of a stream, in whatever pieces they come", () => {
    const bytes = Buffer.concat([dataFrame(5, Buffer.from("hello"), false), dataFrame(5, Buffer.alloc(0), true)]);
    const reader = new SpdyFrameReader();
    const frames = [...bytes].flatMap((byte) => reader.feed(Buffer.from([byte])));
    assert.deepEqual(frames, [
      { kind: "data", streamId: 5, data: Buffer.from("hello"), isLast: false },
      { kind: "data", streamId: 5, data: Buffer.alloc(0), isLast: true },
    ]);
  });

  it("cut data that is too long for one", () => {
    const frames = framesOf(1, Buffer.alloc(0x1000001));
    assert.deepEqual(
      frames.map((frame) => frame.length - 8),
      [0xffffff, 2],
    );
  });

  it("tell replies, resets, pings and the rest apart", () => {
    const control = (type: number, body: readonly number[]) =>
      Buffer.from([0x80, 3, 0, type, 0, 0, 0, body.length, ...body]);
    const kinds = [
      ...new SpdyFrameReader().feed(
        Buffer.concat([
          control(2, [0, 0, 0, 3]),
          control(3, [0, 0, 0, 3, 0, 0, 0, 5]),
          pingFrame(2),
          control(7, [0, 0, 0, 0]),
          control(4, [0, 0, 0, 0]),
        ]),
      ),
    ];
    assert.deepEqual(kinds, [
      { kind: "reply", streamId: 3, isLast: false },
      { kind: "reset", streamId: 3 },
      { kind: "ping", id: 2 },
      { kind: "goaway" },
      { kind: "other" },
    ]);
  });
});
