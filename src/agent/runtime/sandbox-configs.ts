/** What the runtime is told to make a pod's sandbox: name, resolver, RuntimeClass, users, cgroup. */
import type { RuntimeClass } from "../../core/api/runtime-class.ts";
import type { Pod } from "../../core/api/types.ts";
import { sandboxConfig } from "../../core/cri/sandbox-config.ts";
import type { PodSandboxConfig } from "../../core/cri/types.ts";
import { podLogDirectory } from "../../core/logs/log-paths.ts";
import { podHostname } from "../../core/pod/names.ts";
import type { CriResourceOptions } from "../../core/pod/resources-cri.ts";
import { withDottedSysctls } from "../../core/pod/sysctls.ts";
import type { PodCgroups } from "../resources/pod-cgroups.ts";
import type { PodDns } from "./pod-dns.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

export interface SandboxConfigsPorts {
  readonly cgroups: Pick<PodCgroups, "runtimeParent">;
  readonly dns: PodDns;
  readonly users: UserNamespaces;
  readonly classes: { runtimeClass(name: string): RuntimeClass | undefined };
}

export interface SandboxConfigsOptions {
  readonly logRoot: string;
  readonly clusterDomain: string;
  readonly resources: CriResourceOptions;
}

/** What RunPodSandbox is told; `handler` is the runtime's, "" the default one. */
export interface WantedSandbox {
  readonly config: PodSandboxConfig;
  readonly handler: string;
}

/** `error` is what keeps the pod from having a sandbox. */
export type SandboxConfigOutcome = WantedSandbox | { readonly error: string };

export class SandboxConfigs {
  readonly #ports: SandboxConfigsPorts;
  readonly #options: SandboxConfigsOptions;

  constructor(ports: SandboxConfigsPorts, options: SandboxConfigsOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * `exists`: the sandbox is there, and this is for more containers in it. A class or a resolver file that went away
   * meanwhile does not matter to those. Differs: the kubelet starts no container again then.
   */
  async configFor(pod: Pod, attempt: number, { exists }: { readonly exists: boolean }): Promise<SandboxConfigOutcome> {
    const { cgroups, dns, users } = this.#ports;
    const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
    const hostname = podHostname(pod, this.#options.clusterDomain);
    if ("error" in hostname) return hostname;
    const handler = this.#handlerOf(pod) ?? (exists ? "" : undefined);
    if (handler === undefined) return { error: `runtimeclass.node.k8s.io "${pod.spec?.runtimeClassName}" not found` };
    const own = users.forPod(pod, handler);
    if ("error" in own) return own;
    const resolver = await dns.configFor(pod);
    if ("error" in resolver && !exists) return resolver;
    const config = sandboxConfig({
      pod: withDottedSysctls(pod),
      attempt,
      hostname: hostname.kernelHostname,
      ...("config" in resolver && { dns: resolver.config }),
      cgroupParent: cgroups.runtimeParent(pod),
      logDirectory: podLogDirectory({ namespace, name, uid }, this.#options.logRoot),
      ...own,
      ...this.#options.resources,
    });
    return { config, handler };
  }

  /** The pod is gone for good. */
  forget(uid: string): void {
    this.#ports.users.forget(uid);
  }

  /** `undefined`: there is no such class. Source: kubelet runtimeclass LookupRuntimeHandler. */
  #handlerOf(pod: Pod): string | undefined {
    const name = pod.spec?.runtimeClassName ?? "";
    return name === "" ? "" : this.#ports.classes.runtimeClass(name)?.handler;
  }
}
