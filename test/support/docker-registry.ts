/** Debian's docker-registry on loopback, with a password, its data in a directory of its own; `close` leaves nothing. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type RequestOptions, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ociArchitecture } from "../../src/host/images/oci-image.ts";

export const REGISTRY_ACCOUNT = { username: "puller", password: "open-sesame" };
/** As `htpasswd -nbB puller open-sesame` writes it; its salt is not random, and need not be. */
const HTPASSWD = "puller:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n";
const AUTHORIZATION = `Basic ${btoa(`${REGISTRY_ACCOUNT.username}:${REGISTRY_ACCOUNT.password}`)}`;
const START_LIMIT_MS = 10_000;

/** Bytes that can be read several times, so that they need not be kept. */
export interface BlobContent {
  readonly sizeBytes: number;
  parts(): Iterable<Uint8Array>;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export class DockerRegistry {
  readonly port: number;
  readonly #dir: string;
  #process: ChildProcess | undefined;

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.port = port;
  }

  static async start(): Promise<DockerRegistry> {
    const registry = new DockerRegistry(mkdtempSync(join(tmpdir(), "tskreg-")), await freePort());
    registry.#configure();
    await registry.up();
    return registry;
  }

  /** `127.0.0.1:PORT`, the first part of image names. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it, on the same port and with the same images as before; resolves when it answers. */
  async up(): Promise<void> {
    const child = spawn("docker-registry", ["serve", join(this.#dir, "config.yml")], {
      stdio: "ignore",
      env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
    });
    const failed = once(child, "error").then(([error]) => Promise.reject(error));
    this.#process = child;
    await Promise.race([this.#untilAnswers(child), failed]);
    failed.catch(() => {});
  }

  async down(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Stores an image of one uncompressed layer that runs `command`; resolves with the digest of its manifest. */
  async push(repository: string, tag: string, layer: BlobContent, command: readonly string[]): Promise<string> {
    const layerBlob = await this.#pushBlob(repository, "application/vnd.oci.image.layer.v1.tar", layer);
    const config = jsonBytes({
      architecture: ociArchitecture(),
      os: "linux",
      config: { Cmd: command },
      rootfs: { type: "layers", diff_ids: [layerBlob.digest] },
    });
    const configBlob = await this.#pushBlob(repository, "application/vnd.oci.image.config.v1+json", whole(config));
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = jsonBytes({ schemaVersion: 2, mediaType, config: configBlob, layers: [layerBlob] });
    const path = `/v2/${repository}/manifests/${tag}`;
    await this.#send({ method: "PUT", path, headers: { "content-type": mediaType } }, whole(manifest), 201);
    return digestOf(whole(manifest));
  }

  async #pushBlob(repository: string, mediaType: string, content: BlobContent): Promise<Descriptor> {
    const digest = digestOf(content);
    const started = await this.#send(
      { method: "POST", path: `/v2/${repository}/blobs/uploads/` },
      whole(new Uint8Array()),
      202,
    );
    const location = new URL(started.location ?? "", `http://${this.host}`);
    location.searchParams.set("digest", digest);
    await this.#send({ method: "PUT", path: location.pathname + location.search }, content, 201);
    return { mediaType, digest, size: content.sizeBytes };
  }

  async #send(
    { headers, ...options }: RequestOptions,
    content: BlobContent,
    expected: number,
  ): Promise<{ readonly location: string | undefined }> {
    const call = request({
      host: "127.0.0.1",
      port: this.port,
      agent: false,
      ...options,
      headers: { ...headers, authorization: AUTHORIZATION, "content-length": content.sizeBytes },
    });
    const answered = once(call, "response");
    await pipeline(Readable.from(content.parts()), call);
    const [answer] = await answered;
    answer.resume();
    assert.equal(answer.statusCode, expected, `${options.method} ${options.path}`);
    return { location: answer.headers.location };
  }

  async #untilAnswers(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    while (!(await this.#answers())) {
      assert.ok(child.exitCode === null, "docker-registry ended");
      assert.ok(performance.now() < deadline, "docker-registry does not answer");
      await sleep(20);
    }
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const call = request({ host: "127.0.0.1", port: this.port, path: "/v2/", agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 401);
      });
      call.on("error", () => resolve(false));
      call.end();
    });
  }

  #configure(): void {
    const passwords = join(this.#dir, "htpasswd");
    writeFileSync(passwords, HTPASSWD);
    const config = {
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(this.#dir, "data") } },
      http: { addr: this.host },
      auth: { htpasswd: { realm: "test", path: passwords } },
    };
    // JSON is YAML.
    writeFileSync(join(this.#dir, "config.yml"), JSON.stringify(config));
  }
}

export function whole(bytes: Uint8Array): BlobContent {
  return { sizeBytes: bytes.length, parts: () => [bytes] };
}

function digestOf(content: BlobContent): string {
  const hash = createHash("sha256");
  for (const part of content.parts()) hash.update(part);
  return `sha256:${hash.digest("hex")}`;
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}
