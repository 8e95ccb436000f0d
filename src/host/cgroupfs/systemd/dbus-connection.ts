import { createConnection, type Socket } from "node:net";
import type { DbusValue } from "./dbus-encode.ts";
import { type DbusCall, type DbusMessage, decodeMessage, encodeCall } from "./dbus-message.ts";

/** A call that the other side answered with an error; `dbusName` is D-Bus' name for it. */
export class DbusError extends Error {
  override readonly name = "DbusError";
  readonly dbusName: string;

  constructor(dbusName: string, message: string) {
    super(message);
    this.dbusName = dbusName;
  }
}

type Waiting = { readonly resolve: (body: readonly DbusValue[]) => void; readonly reject: (error: Error) => void };

const deadlineMs = 30_000;

/**
 * A connection to a D-Bus socket: calls, answers and signals, as much as talking to systemd takes. A broken connection
 * fails all its calls; the owner makes a new one.
 */
export class DbusConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onSignal: (signal: DbusMessage) => void;
  #serial = 0;
  #received: Buffer = Buffer.alloc(0);
  #broken: Error | undefined;

  private constructor(socket: Socket, onSignal: (signal: DbusMessage) => void) {
    this.#socket = socket;
    this.#onSignal = onSignal;
  }

  /** Connects and authenticates as the user of this process. */
  static async open(path: string, onSignal: (signal: DbusMessage) => void): Promise<DbusConnection> {
    const socket = createConnection(path);
    const connection = new DbusConnection(socket, onSignal);
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
    try {
      // BEGIN goes with the greeting: systemd forgets a message that arrives in one piece with it.
      await connection.#authenticate(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return connection;
  }

  get broken(): boolean {
    return this.#broken !== undefined;
  }

  call(call: DbusCall): Promise<readonly DbusValue[]> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(serial);
        reject(new Error(`${call.member}: no answer in ${deadlineMs} ms`));
      }, deadlineMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      this.#waiting.set(serial, { resolve: settle(resolve), reject: settle(reject) });
      this.#socket.write(encodeCall(serial, call));
    });
  }

  close(): void {
    this.#fail(new Error("the D-Bus connection was closed"));
  }

  /** One line each way, then the message stream begins. */
  #authenticate(greeting: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let answer = Buffer.alloc(0);
      const onData = (data: Buffer): void => {
        answer = Buffer.concat([answer, data]);
        const end = answer.indexOf("\r\n");
        if (end < 0) return;
        socket.off("data", onData);
        socket.off("error", reject);
        const line = answer.toString("latin1", 0, end);
        if (line.startsWith("OK ")) {
          this.#listen();
          this.#receive(answer.subarray(end + 2));
          resolve();
        } else {
          reject(new Error(`D-Bus refused this process: ${line}`));
        }
      };
      socket.on("data", onData);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("D-Bus closed the connection")));
      socket.write(greeting, "latin1");
    });
  }

  #listen(): void {
    this.#socket.on("data", (data: Buffer) => this.#receive(data));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the D-Bus connection broke")));
    this.#socket.unref(); // the connection alone is no reason to stay alive
  }

  #receive(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    try {
      for (;;) {
        const next = decodeMessage(this.#received);
        if (next === undefined) return;
        this.#received = this.#received.subarray(next.length);
        this.#take(next.message);
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #take(message: DbusMessage): void {
    if (message.type === "signal") this.#onSignal(message);
    const waiting = this.#waiting.get(message.replySerial);
    if (waiting === undefined || message.type === "call" || message.type === "signal") return;
    this.#waiting.delete(message.replySerial);
    if (message.type === "return") waiting.resolve(message.body);
    else waiting.reject(new DbusError(message.errorName, String(message.body[0] ?? message.errorName)));
  }

  #fail(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#socket.destroy();
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
