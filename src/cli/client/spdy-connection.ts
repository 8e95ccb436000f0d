/** Streams over one upgraded connection, opened by us. */
import type { Duplex } from "node:stream";
import { dataFrame, framesOf, pingFrame, type SpdyFrame, SpdyFrameReader, SpdyHeaderWriter } from "./spdy-frame.ts";

export interface SpdyStream {
  /** Resolves when more may be written. */
  write(data: Uint8Array): Promise<void>;
  /** Nothing more will be written; the other side can still send. */
  end(): void;
  /** Resolves when the other side ended it, `true`: in order. */
  readonly ended: Promise<boolean>;
}

interface StreamState {
  readonly onData: (data: Buffer) => Promise<void> | void;
  readonly finish: (inOrder: boolean) => void;
}

export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #headers = new SpdyHeaderWriter();
  readonly #reader = new SpdyFrameReader();
  readonly #streams = new Map<number, StreamState>();
  /** A client's streams have odd numbers. */
  #nextId = 1;

  /** `head`: what came with the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    socket.on("error", () => {});
    void this.#read(head);
  }

  /** `onData` is called with each piece in order; reading waits for it. */
  open(headers: Readonly<Record<string, string>>, onData: StreamState["onData"]): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#streams.set(id, { onData, finish: resolve });
    this.#socket.write(this.#headers.synStream(id, headers));
    return {
      ended: promise,
      write: async (data) => {
        for (const frame of framesOf(id, data)) await this.#write(frame);
      },
      end: () => void this.#socket.write(dataFrame(id, Buffer.alloc(0), true)),
    };
  }

  close(): void {
    this.#socket.destroy();
  }

  async #write(frame: Buffer): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.write(frame)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.removeListener("drain", done);
        socket.removeListener("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
  }

  async #read(head: Buffer): Promise<void> {
    try {
      await this.#take(head);
      for await (const chunk of this.#socket) await this.#take(chunk as Buffer);
    } catch {
      // A broken connection ends all streams out of order.
    }
    // Not when the socket closes: what came in before that may still be on its way to a slow reader.
    this.#finishAll();
  }

  async #take(chunk: Buffer): Promise<void> {
    for (const frame of this.#reader.feed(chunk)) await this.#takeFrame(frame);
  }

  async #takeFrame(frame: SpdyFrame): Promise<void> {
    switch (frame.kind) {
      case "data":
        await this.#streams.get(frame.streamId)?.onData(frame.data);
        if (frame.isLast) this.#finish(frame.streamId, true);
        return;
      case "reply":
        if (frame.isLast) this.#finish(frame.streamId, true);
        return;
      case "reset":
        this.#finish(frame.streamId, false);
        return;
      case "ping":
        this.#socket.write(pingFrame(frame.id));
        return;
      case "goaway":
      case "other":
        return;
    }
  }

  #finish(id: number, inOrder: boolean): void {
    this.#streams.get(id)?.finish(inOrder);
    this.#streams.delete(id);
  }

  #finishAll(): void {
    for (const id of [...this.#streams.keys()]) this.#finish(id, false);
  }
}
