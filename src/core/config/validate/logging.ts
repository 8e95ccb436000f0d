/** The agent's own log, pod log directory, tracing, metrics version. */

import { isQuantityError, isZeroQuantity, parseQuantity } from "../../quantity/index.ts";
import { featureEnabled } from "../feature-gates.ts";
import type { KubeletConfiguration } from "../kubelet-fields.ts";
import type { Refuse } from "../validate-kubelet.ts";

const maxVerbosity = 2 ** 31 - 1;

export function validateLogging(config: KubeletConfiguration, invalid: Refuse, refuse: Refuse): void {
  validateLogDirectory(config.podLogsDir, invalid);
  validateOwnLog(config, refuse);
  validateTracing(config, refuse);
  const version = config.showHiddenMetricsForVersion;
  if (version !== "" && !/^\d+\.\d+$/.test(version)) {
    refuse(
      ["showHiddenMetricsForVersion"],
      `--show-hidden-metrics-for-version must be omitted or have a value of the form <major>.<minor>, got ${JSON.stringify(version)}`,
    );
  }
}

function validateLogDirectory(directory: string, invalid: Refuse): void {
  const path = ["podLogsDir"];
  const label = `pod logs path ${JSON.stringify(directory)}`;
  if (!directory.startsWith("/")) invalid(path, `${label} must be absolute path`);
  if (!isClean(directory)) invalid(path, `${label} must be normalized`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  if (/[^\x00-\x7f]/.test(directory)) invalid(path, `${label} mut contains ASCII characters only`);
}

/** As Go's filepath.Clean would leave it. */
function isClean(path: string): boolean {
  if (path === "/") return true;
  const parts = path.replace(/^\//, "").split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function validateOwnLog(config: KubeletConfiguration, refuse: Refuse): void {
  const { format, verbosity, vmodule, options } = config.logging;
  if (verbosity > maxVerbosity) {
    refuse(["logging", "verbosity"], `logging.verbosity: Invalid value: ${verbosity}: Must be <= ${maxVerbosity}`);
  }
  if (vmodule.length > 0 && format !== "text") {
    refuse(["logging", "vmodule"], "logging.vmodule: Forbidden: Only supported for text log format");
  }
  vmodule.forEach((item, index) => {
    const path = ["logging", "vmodule", index];
    const name = `logging.vmodule[${index}]`;
    const pattern = JSON.stringify(item.filePattern);
    if (item.filePattern === "") refuse(path, `${name}: Required value: File pattern must not be empty`);
    if (/[=,]/.test(item.filePattern)) {
      refuse(path, `${name}: Invalid value: ${pattern}: File pattern must not contain equal sign or comma`);
    }
    if (item.verbosity > maxVerbosity) {
      refuse(path, `${name}: Invalid value: ${item.verbosity}: Must be <= ${maxVerbosity}`);
    }
  });
  if (featureEnabled(config.featureGates, "LoggingAlphaOptions")) return;
  for (const kind of ["text", "json"] as const) {
    const size = parseQuantity(options[kind].infoBufferSize);
    const path = ["logging", "options", kind];
    const forbidden = "Forbidden: Feature LoggingAlphaOptions is disabled";
    if (options[kind].splitStream) {
      refuse([...path, "splitStream"], `logging.options.${kind}.splitStream: ${forbidden}`);
    }
    if (!isQuantityError(size) && !isZeroQuantity(size)) {
      refuse([...path, "infoBufferSize"], `logging.options.${kind}.infoBufferSize: ${forbidden}`);
    }
  }
}

function validateTracing(config: KubeletConfiguration, refuse: Refuse): void {
  const { endpoint, samplingRatePerMillion: rate } = config.tracing ?? {};
  const label = `tracing.samplingRatePerMillion: Invalid value: ${rate}`;
  const ratePath = ["tracing", "samplingRatePerMillion"];
  if (rate !== undefined && rate < 0) refuse(ratePath, `${label}: sampling rate must be positive`);
  if (rate !== undefined && rate > 1_000_000) {
    refuse(ratePath, `${label}: sampling rate per million must be less than or equal to one million`);
  }
  const scheme = /^([A-Za-z][-+.\w]*):\/\//.exec(endpoint ?? "")?.[1];
  if (endpoint === undefined || scheme === undefined || ["dns", "unix", "unix-abstract"].includes(scheme)) return;
  const options = "Options are none, dns, unix, or unix-abstract.";
  const more = "See https://github.com/grpc/grpc/blob/master/doc/naming.md";
  const text = `Invalid value: ${JSON.stringify(endpoint)}: unsupported scheme: ${scheme}.  ${options}  ${more}`;
  refuse(["tracing", "endpoint"], `tracing.endpoint: ${text}`);
}
