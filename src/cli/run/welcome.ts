/** What a person sees who started the agent at a terminal: where to look and how to go on. */
import { relative, resolve } from "node:path";
import type { Pod } from "../../core/api/types.ts";
import { defaultRootDir } from "../flags-configuration.ts";

export interface WelcomeInput {
  readonly pods: readonly Pod[];
  /** How this program is called: "./bin/tskubelet". */
  readonly program: string;
  readonly rootDir: string;
  /** Directory of the manifests as a person would write it; "" where there is none. */
  readonly manifests: string;
}

export function welcomeText({ pods, program, rootDir, manifests }: WelcomeInput): string {
  const root = resolve(rootDir) === defaultRootDir ? "" : ` --root-dir ${rootDir}`;
  const command = (text: string) => `    ${program} ${text}${root}`;
  const names = pods.map(({ metadata }) => podName(metadata));
  const [first] = names;
  const logging = names.find((name) => name.includes("worker")) ?? first;
  const troubled = names.find((name) => name.includes("crash")) ?? first;
  const inside = logging ?? first;
  const exec = root === "" ? `exec -it ${inside} -- sh` : `exec -it${root} ${inside} -- sh`;
  return [
    "",
    `tskubelet runs ${pods.length === 1 ? "1 pod" : `${pods.length} pods`}${manifests === "" ? "" : ` of ${manifests}`}. In another shell:`,
    "",
    command("get pods -o wide"),
    ...(logging === undefined ? [] : [command(`logs -f ${logging}`)]),
    ...(inside === undefined ? [] : [`    ${program} ${exec}`]),
    ...(troubled === undefined ? [] : [command(`describe pod ${troubled}`)]),
    command("events -w"),
    "",
    ...webPages(pods),
    ...(manifests === "" ? [] : [`Edit a file in ${manifests}: its pod changes. Delete it: its pod ends.`]),
    "Ctrl-C ends the agent and its pods; 'tskubelet down' also removes everything that it made.",
    "",
    "",
  ].join("\n");
}

function podName(metadata: Pod["metadata"]): string {
  const { name = "", namespace = "default" } = metadata ?? {};
  return namespace === "default" ? name : `${namespace}/${name}`;
}

/** Ports of pods that this machine answers at. */
function webPages(pods: readonly Pod[]): readonly string[] {
  const urls = pods.flatMap(({ metadata, spec }) => {
    const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
    const open = ports.filter(({ hostPort, protocol = "TCP" }) => hostPort && protocol === "TCP");
    return open.map(
      ({ hostPort, hostIP }) => `Pod ${podName(metadata)} answers at http://${hostOf(hostIP)}:${hostPort}/`,
    );
  });
  return urls.length === 0 ? [] : [...urls, ""];
}

function hostOf(hostIp: string | undefined): string {
  if (!hostIp || hostIp === "0.0.0.0" || hostIp === "::") return "127.0.0.1";
  return hostIp.includes(":") ? `[${hostIp}]` : hostIp;
}

/** The program as it can be called from `cwd`. `mainScript`: the file that Node.js runs. */
export function programName(mainScript: string, cwd: string, environment: NodeJS.ProcessEnv): string {
  const sudo = environment["SUDO_USER"] === undefined ? "" : "sudo ";
  if (mainScript.includes("/node_modules/")) return `${sudo}tskubelet`;
  const path = relative(cwd, resolve(mainScript, "..", "..", "..", "bin", "tskubelet"));
  return `${sudo}${path.startsWith("..") ? resolve(cwd, path) : `./${path}`}`;
}

const POLL_MS = 100;
const LIMIT_MS = 5_000;

export interface WelcomePorts {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<boolean> };
  readonly pods: () => readonly Pod[];
}

/** Prints the text once the pods are known. Never rejects. */
export async function welcome(
  { clock, pods }: WelcomePorts,
  { rootDir, manifestsPath }: { readonly rootDir: string; readonly manifestsPath: string },
  signal: AbortSignal,
): Promise<void> {
  for (let waitedMs = 0; pods().length === 0 && waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
    if (!(await clock.sleep(POLL_MS, signal))) return;
  }
  const cwd = process.cwd();
  const near = relative(cwd, manifestsPath);
  const manifests = manifestsPath === "" ? "" : near.startsWith("..") ? manifestsPath : `${near || "."}/`;
  const program = programName(process.argv[1] ?? "", cwd, process.env);
  process.stdout.write(welcomeText({ pods: pods(), program, rootDir, manifests }));
}
