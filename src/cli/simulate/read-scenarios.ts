import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import type { Scenario } from "../../core/eviction/index.ts";
import { errorMessage } from "../../ports/errors.ts";
import { ClientError } from "../client/client-error.ts";

/** The scenarios of a file, one JSON object a line; what ends in ".gz" is unpacked. The error names file and line. */
export async function* readScenarios(file: string): AsyncGenerator<Scenario> {
  let line = 0;
  try {
    const bytes = createReadStream(file);
    const text = file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes;
    bytes.on("error", (error) => text.destroy(error));
    for await (const written of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (written.trim() !== "") yield readScenario(written);
    }
  } catch (error) {
    throw new ClientError(`${file}${line > 0 ? `:${line}` : ""}: ${errorMessage(error)}`);
  }
}

function readScenario(text: string): Scenario {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("a scenario is an object");
  const missing = missingField(value as Partial<Scenario>);
  if (missing !== undefined) throw new Error(`no scenario: ${missing}`);
  return value as Scenario;
}

/** Only as deep as a mix-up of files goes: what a step measured may be absent anywhere. */
function missingField({ name, kubeletConfiguration, pods, steps }: Partial<Scenario>): string | undefined {
  if (typeof name !== "string") return "name is missing";
  if (typeof kubeletConfiguration !== "object" || kubeletConfiguration === null) {
    return "kubeletConfiguration is missing";
  }
  if (!Array.isArray(pods)) return "pods is missing";
  if (!Array.isArray(steps)) return "steps is missing";
  const wrong = steps.findIndex((step) => typeof step?.at !== "string" || !Array.isArray(step.activePods));
  return wrong < 0 ? undefined : `steps[${wrong}] needs at and activePods`;
}
