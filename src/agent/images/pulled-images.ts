/**
 * Remembers how this node came by its images, over restarts, and says which pods may use one that is here. That a pull is
 * begun is written down before: what a killed agent was pulling counts as pulled, by nobody knows whom.
 * Source: kubelet images/pullmanager/image_pull_manager.go.
 */
import { nameImage } from "../../core/images/ensure-image.ts";
import type { Credential } from "../../core/images/keyring.ts";
import {
  grantingSecret,
  isOpenToAll,
  mustVerify,
  type PulledImage,
  recordGrant,
  recordPull,
  type VerificationRules,
} from "../../core/images/pulled-image.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { ImageService } from "../../ports/runtime.ts";

export interface PulledImagesPorts {
  readonly store: RecordStore;
  readonly images: Pick<ImageService, "imageStatus">;
}

/** A pull that is under way. */
export interface PullIntent {
  /** `used` absent: without credentials. */
  pulled(imageRef: string, used: Credential | undefined): void;
  failed(): void;
}

const RECORDS = "pulledimages";
const INTENTS = "imagepulls";

export class PulledImages {
  readonly #ports: PulledImagesPorts;
  readonly #rules: VerificationRules;
  /** Pulls of this agent that are under way, by image. */
  readonly #intents = new Map<string, number>();
  /** What an agent before this one was pulling has been looked for. */
  #settled: Promise<void> | undefined;
  /** Images whose records changed since each look at the runtime's list began. */
  readonly #looks = new Set<Set<string>>();

  constructor(ports: PulledImagesPorts, rules: VerificationRules) {
    this.#ports = ports;
    this.#rules = rules;
  }

  /** `image` as the pod writes it, present as `imageRef`. Rejects as `credentials` and the runtime do. */
  async access(
    image: string,
    imageRef: string,
    credentials: () => Promise<readonly Credential[]>,
    signal: AbortSignal,
  ): Promise<"granted" | "denied"> {
    await this.#settle(signal);
    const record = this.#record(imageRef);
    const isPulled = record !== undefined || this.#intents.has(image);
    if (!mustVerify(this.#rules, image, isPulled) || isOpenToAll(record, image)) return "granted";
    if (record === undefined) return "denied";
    const secret = grantingSecret(record, image, await credentials());
    if (secret === undefined) return "denied";
    this.#put(recordGrant(record, image, secret));
    return "granted";
  }

  /** To be called before a pull begins. Rejects where that cannot be written down: then it must not begin. */
  async intend(image: string, signal: AbortSignal): Promise<PullIntent> {
    await this.#settle(signal);
    this.#ports.store.put(INTENTS, image, {});
    this.#intents.set(image, (this.#intents.get(image) ?? 0) + 1);
    return {
      pulled: (imageRef, used) => {
        this.#put(recordPull(this.#record(imageRef), imageRef, image, used));
        this.#endIntent(image);
      },
      failed: () => this.#endIntent(image),
    };
  }

  /** A look at all images of the runtime begins; call the result with their ids (`undefined`: it failed): others' records go. */
  beginLook(): (present: ReadonlySet<string> | undefined) => void {
    const changed = new Set<string>();
    this.#looks.add(changed);
    return (present) => {
      this.#looks.delete(changed);
      if (present === undefined) return;
      for (const { key } of this.#ports.store.list(RECORDS)) {
        if (!present.has(key) && !changed.has(key)) this.#ports.store.delete(RECORDS, key);
      }
    };
  }

  #endIntent(image: string): void {
    const left = (this.#intents.get(image) ?? 1) - 1;
    if (left > 0) {
      this.#intents.set(image, left);
      return;
    }
    this.#intents.delete(image);
    this.#ports.store.delete(INTENTS, image);
  }

  /** Once: what an agent before this one was pulling and is here gets a record that lets nobody in. */
  #settle(signal: AbortSignal): Promise<void> {
    const settling = this.#settled ?? this.#settleIntents(signal);
    this.#settled = settling;
    settling.catch(() => {
      this.#settled = undefined;
    });
    return settling;
  }

  async #settleIntents(signal: AbortSignal): Promise<void> {
    const { store, images } = this.#ports;
    for (const { key: image } of store.list(INTENTS)) {
      if (this.#intents.has(image)) continue;
      const named = nameImage(image);
      const found = named.kind === "ask" ? await images.imageStatus({ image: named.name }, { signal }) : undefined;
      if (found !== undefined && this.#record(found.id) === undefined)
        this.#put({ imageRef: found.id, byRepository: {} });
      if (!this.#intents.has(image)) store.delete(INTENTS, image);
    }
  }

  #record(imageRef: string): PulledImage | undefined {
    return this.#ports.store.get(RECORDS, imageRef) as PulledImage | undefined;
  }

  #put(record: PulledImage): void {
    for (const changed of this.#looks) changed.add(record.imageRef);
    this.#ports.store.put(RECORDS, record.imageRef, record);
  }
}
