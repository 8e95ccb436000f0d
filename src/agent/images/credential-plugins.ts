/**
 * Asks the credential provider plugins that are configured, keeps their answers as long as they say, and runs each at most
 * once at a time for one image. A plugin that fails gives no credentials; that is told in the log.
 * Source: kubelet credentialprovider/plugin/plugin.go.
 */
import {
  cacheKeys,
  credentialRequest,
  parseCredentialResponse,
  providesFor,
} from "../../core/images/credential-provider.ts";
import type { CredentialProvider } from "../../core/images/credential-provider-config.ts";
import type { DockerConfigEntry } from "../../core/images/docker-config.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { CredentialPrograms } from "../../ports/registry-credentials.ts";

export interface CredentialPluginsPorts {
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Log;
  readonly programs: CredentialPrograms;
}

type Entries = readonly DockerConfigEntry[];

/** A run that several pulls may wait for; it ends early when none does any more. */
interface Flight {
  readonly entries: Promise<Entries>;
  readonly abort: AbortController;
  waiting: number;
}

/** Source: kubelet plugin.go ExecPlugin. */
const PLUGIN_TIMEOUT_MS = 60_000;

export class CredentialPlugins {
  readonly #ports: CredentialPluginsPorts;
  readonly #plugins: readonly { readonly provider: CredentialProvider; readonly cache: Map<string, Cached> }[];
  readonly #flights = new Map<string, Flight>();

  constructor(ports: CredentialPluginsPorts, providers: readonly CredentialProvider[]) {
    this.#ports = ports;
    this.#plugins = providers.map((provider) => ({ provider, cache: new Map() }));
  }

  /** Of all plugins that provide for the repository. Rejects only when `signal` is aborted. */
  async find(repository: string, signal: AbortSignal): Promise<Entries> {
    const all = this.#plugins.filter(({ provider }) => providesFor(provider, repository));
    const found = await Promise.all(
      all.map(async ({ provider, cache }) => {
        return this.#cached(cache, repository) ?? (await this.#join(provider, cache, repository, signal));
      }),
    );
    return found.flat();
  }

  #cached(cache: Map<string, Cached>, repository: string): Entries | undefined {
    const nowMs = this.#ports.clock.monotonic();
    for (const [key, { expiresAtMs }] of cache) if (expiresAtMs < nowMs) cache.delete(key);
    for (const key of cacheKeys(repository)) {
      const cached = cache.get(key);
      if (cached !== undefined) return cached.entries;
    }
    return undefined;
  }

  async #join(
    provider: CredentialProvider,
    cache: Map<string, Cached>,
    repository: string,
    signal: AbortSignal,
  ): Promise<Entries> {
    signal.throwIfAborted();
    const key = `${provider.name} ${repository}`;
    const flight = this.#flights.get(key) ?? this.#start(key, provider, cache, repository);
    flight.waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const leave = () => {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Who comes now must not wait for a run that is being ended.
        this.#drop(key, flight);
        flight.abort.abort();
      }
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([flight.entries, aborted]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #start(key: string, provider: CredentialProvider, cache: Map<string, Cached>, repository: string): Flight {
    const abort = new AbortController();
    const entries = this.#run(provider, cache, repository, abort.signal);
    const flight: Flight = { entries, abort, waiting: 0 };
    const over = () => this.#drop(key, flight);
    // Whoever waited for a run that was ended early has left.
    entries.then(over, over);
    this.#flights.set(key, flight);
    return flight;
  }

  #drop(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  async #run(
    provider: CredentialProvider,
    cache: Map<string, Cached>,
    repository: string,
    signal: AbortSignal,
  ): Promise<Entries> {
    const { programs, log, clock } = this.#ports;
    const { name, args, env } = provider;
    const input = credentialRequest(provider, repository);
    const result = await programs.run({ name, args, env, input, timeoutMs: PLUGIN_TIMEOUT_MS }, signal);
    const answer = "error" in result ? result : parseCredentialResponse(provider, repository, result.stdout);
    if ("error" in answer) {
      log.warn("credential provider plugin failed", { plugin: name, image: repository, error: answer.error });
      return [];
    }
    const { entries, cacheKey, cacheMs } = answer;
    if (cacheMs > 0) cache.set(cacheKey, { entries, expiresAtMs: clock.monotonic() + cacheMs });
    return entries;
  }
}

interface Cached {
  readonly entries: Entries;
  readonly expiresAtMs: number;
}
