import { after, before, describe } from "node:test";
import { containerClaims } from "./runtime-container-claims.ts";
import { eventClaims } from "./runtime-event-claims.ts";
import { execClaims } from "./runtime-exec-claims.ts";
import type { RuntimeUnderTest } from "./runtime-fixture.ts";
import { imageClaims } from "./runtime-image-claims.ts";
import { sandboxClaims } from "./runtime-sandbox-claims.ts";

/** What every implementation of the runtime port must hold: the host's over a real runtime, and the simulator's. */
export function runtimeContract(name: string, create: () => Promise<RuntimeUnderTest>): void {
  describe(`Runtime: ${name}`, { concurrency: 1 }, () => {
    let subject: RuntimeUnderTest | undefined;
    const use = (): RuntimeUnderTest => {
      if (subject === undefined) throw new Error("the runtime was not created");
      return subject;
    };
    before(async () => {
      subject = await create();
    });
    after(() => subject?.close());

    sandboxClaims(use);
    containerClaims(use);
    execClaims(use);
    imageClaims(use);
    eventClaims(use);
  });
}
