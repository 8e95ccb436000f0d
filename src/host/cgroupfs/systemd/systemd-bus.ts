import { HostError } from "../../../ports/errors.ts";
import { DbusConnection, DbusError } from "./dbus-connection.ts";
import type { DbusValue, DbusVariant } from "./dbus-encode.ts";
import type { DbusMessage } from "./dbus-message.ts";

const bus = { destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus" };
const manager = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
};
/** systemd's own socket, for root, works without a bus daemon; the system bus is there where that one is not. */
const privateSocket = "/run/systemd/private";
const systemBusSocket = "/run/dbus/system_bus_socket";
/** systemd tells a connected peer of everything that happens to units: none is held open without need. */
const idleMs = 2000;
const jobDeadlineMs = 30_000;

/** A unit property as StartTransientUnit and SetUnitProperties take it. */
export interface UnitProperty {
  readonly name: string;
  readonly variant: DbusVariant;
}

/** Units of systemd, over D-Bus: no program is started for it. Connects when it is needed. */
export class SystemdBus {
  #connection: Promise<DbusConnection> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #busy = 0;
  readonly #finished = new Map<string, string>();
  readonly #waiting = new Map<string, (result: string) => void>();

  /** Starts a transient unit and waits until it runs; one that exists is left as it is. */
  async startUnit(name: string, properties: readonly UnitProperty[]): Promise<void> {
    await this.#use(name, async (connection) => {
      try {
        const body = [name, "replace", propertyList(properties), []];
        await this.#job(name, connection, "StartTransientUnit", "ssa(sv)a(sa(sv))", body);
      } catch (error) {
        if (!isDbusError(error, "org.freedesktop.systemd1.UnitExists")) throw error;
      }
    });
  }

  /** `false`: there is no such unit. The change lasts until the next boot at most. */
  async setProperties(name: string, properties: readonly UnitProperty[]): Promise<boolean> {
    return this.#use(name, async (connection) => {
      try {
        const body = [name, true, propertyList(properties)];
        await connection.call({ ...manager, member: "SetUnitProperties", signature: "sba(sv)", body });
        return true;
      } catch (error) {
        if (isDbusError(error, "org.freedesktop.systemd1.NoSuchUnit")) return false;
        throw error;
      }
    });
  }

  /** Stops a unit and waits for it; one that does not exist is stopped. */
  async stopUnit(name: string): Promise<void> {
    await this.#use(name, async (connection) => {
      try {
        await this.#job(name, connection, "StopUnit", "ss", [name, "replace"]);
        // A failed unit would keep its name.
        await connection.call({ ...manager, member: "ResetFailedUnit", signature: "s", body: [name] });
      } catch (error) {
        if (!isDbusError(error, "org.freedesktop.systemd1.NoSuchUnit")) throw error;
      }
    });
  }

  async #use<T>(name: string, work: (connection: DbusConnection) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#busy++;
    try {
      return await work(await this.#connect());
    } catch (error) {
      throw unitError(error, name);
    } finally {
      if (--this.#busy === 0) this.#idle = setTimeout(() => void this.close(), idleMs).unref();
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }

  async #connect(): Promise<DbusConnection> {
    const current = await this.#connection?.catch(() => undefined);
    if (current !== undefined && !current.broken) return current;
    this.#connection = this.#open();
    return this.#connection;
  }

  async #open(): Promise<DbusConnection> {
    this.#finished.clear();
    const onSignal = (signal: DbusMessage): void => this.#signalled(signal);
    try {
      return await DbusConnection.open(privateSocket, onSignal);
    } catch (privateProblem) {
      try {
        const connection = await DbusConnection.open(systemBusSocket, onSignal);
        await connection.call({ ...bus, member: "Hello" });
        const rule = `type='signal',interface='${manager.interface}',member='JobRemoved'`;
        await connection.call({ ...bus, member: "AddMatch", signature: "s", body: [rule] });
        await connection.call({ ...manager, member: "Subscribe" });
        return connection;
      } catch {
        throw privateProblem;
      }
    }
  }

  /** Calls what answers with a job and waits for that job's end. */
  async #job(unit: string, connection: DbusConnection, member: string, signature: string, body: readonly DbusValue[]) {
    const [path] = await connection.call({ ...manager, member, signature, body });
    const result = await this.#endOf(String(path));
    if (result !== "done" && result !== "skipped") throw new Error(`${member} of ${unit} ended as "${result}"`);
  }

  #endOf(job: string): Promise<string> {
    const early = this.#finished.get(job);
    if (early !== undefined) return Promise.resolve(early);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(`no end in ${jobDeadlineMs} ms`), jobDeadlineMs);
      this.#waiting.set(job, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
    }).then((result) => {
      this.#waiting.delete(job);
      return String(result);
    });
  }

  #signalled(signal: DbusMessage): void {
    if (signal.member !== "JobRemoved" || signal.interface !== manager.interface) return;
    const [, job, , result] = signal.body;
    const waiting = this.#waiting.get(String(job));
    if (waiting !== undefined) {
      waiting(String(result));
      return;
    }
    // The signal may come before the answer that names the job.
    this.#finished.set(String(job), String(result));
    const [oldest] = this.#finished.keys();
    if (this.#finished.size > 256 && oldest !== undefined) this.#finished.delete(oldest);
  }
}

function propertyList(properties: readonly UnitProperty[]): DbusValue {
  return properties.map(({ name, variant }) => [name, variant]);
}

function isDbusError(error: unknown, name: string): boolean {
  return error instanceof DbusError && error.dbusName === name;
}

function unitError(error: unknown, unit: string): HostError {
  const denied = isDbusError(error, "org.freedesktop.DBus.Error.AccessDenied");
  const message = error instanceof Error ? error.message : String(error);
  return new HostError(denied ? "Denied" : "Other", unit, `systemd: ${message}`, { cause: error });
}
