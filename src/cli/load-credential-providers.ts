/**
 * Reads --image-credential-provider-config: a file, or a directory whose *.json, *.yaml and *.yml files make one
 * configuration, and looks for the plugins in --image-credential-provider-bin-dir.
 */
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Origin, Problem } from "../core/config/index.ts";
import {
  type CredentialProvider,
  credentialProviders,
  repeatedProviders,
} from "../core/images/credential-provider-config.ts";
import { errorMessage } from "../ports/errors.ts";
import type { NodeOptions } from "./flags-configuration.ts";
import { parseConfigurationText } from "./load-configuration-text.ts";

const CONFIG_FLAG = "--image-credential-provider-config";
const BIN_DIR_FLAG = "--image-credential-provider-bin-dir";

export interface LoadedProviders {
  readonly providers: readonly CredentialProvider[];
  /** Where the plugins are; "": there are none. */
  readonly binDir: string;
}

/** `problems` is never empty. */
export async function loadCredentialProviders({
  imageCredentialProviderConfig: config,
  imageCredentialProviderBinDir: binDir,
}: NodeOptions): Promise<LoadedProviders | { readonly problems: readonly Problem[] }> {
  if (config === undefined && binDir === undefined) return { providers: [], binDir: "" };
  if (config === undefined) return flagProblem(BIN_DIR_FLAG, `${BIN_DIR_FLAG} has no effect without ${CONFIG_FLAG}`);
  if (binDir === undefined) return flagProblem(CONFIG_FLAG, `${CONFIG_FLAG} needs ${BIN_DIR_FLAG}`);
  const files = await configFiles(config);
  if (typeof files === "string") return flagProblem(CONFIG_FLAG, files);
  const problems: Problem[] = [];
  const providers: CredentialProvider[] = [];
  for (const file of files) providers.push(...(await readProviders(file, problems)));
  for (const name of repeatedProviders(providers)) {
    problems.push(problemAt(undefined, config, `duplicate provider name ${JSON.stringify(name)}`));
  }
  for (const { name } of problems.length === 0 ? providers : []) {
    const program = join(binDir, name);
    if (await isExecutable(program)) continue;
    const origin: Origin = { kind: "flag", flag: BIN_DIR_FLAG };
    const message = `plugin binary executable ${program} does not exist or cannot be run`;
    problems.push({ code: "invalid", path: "", message, origin });
  }
  return problems.length > 0 ? { problems } : { providers, binDir };
}

function flagProblem(flag: string, message: string): { readonly problems: readonly Problem[] } {
  return { problems: [{ code: "invalid", path: "", message, origin: { kind: "flag", flag } }] };
}

async function configFiles(path: string): Promise<readonly string[] | string> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    const files = names.filter((name) => [".json", ".yaml", ".yml"].includes(extname(name))).toSorted();
    return files.length === 0
      ? `no *.json, *.yaml or *.yml file in directory ${path}`
      : files.map((name) => join(path, name));
  } catch (error) {
    return errorMessage(error);
  }
}

async function readProviders(file: string, problems: Problem[]): Promise<readonly CredentialProvider[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    problems.push(problemAt(undefined, file, errorMessage(error), "unreadable"));
    return [];
  }
  const { documents, faults } = parseConfigurationText(text);
  for (const { message, line } of faults) problems.push(problemAt(line, file, message, "syntax"));
  if (faults.length > 0) return [];
  const [document, ...more] = documents;
  if (document === undefined || more.length > 0) {
    problems.push(problemAt(undefined, file, "expected one CredentialProviderConfig"));
    return [];
  }
  const result = credentialProviders(document.value);
  if ("providers" in result) return result.providers;
  for (const { at, message } of result.objections) problems.push(problemAt(document.lineOf(at), file, message));
  return [];
}

function problemAt(
  line: number | undefined,
  file: string,
  message: string,
  code: Problem["code"] = "invalid",
): Problem {
  const origin: Origin = { kind: "file", file, ...(line === undefined ? {} : { line }) };
  return { code, path: "", message, origin };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
