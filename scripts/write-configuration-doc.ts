/** Writes docs/configuration.md from the tables of the configuration. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationDoc } from "../src/cli/check-config-doc.ts";

writeFileSync(join(import.meta.dirname, "../docs/configuration.md"), configurationDoc());
