/** A container that runs `probed-program.ts` on the machine's own Node.js, which is mounted into it. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { BUSYBOX } from "./agent-node.ts";

const LIBRARIES = ["/lib", "/lib64", "/usr/lib"].filter((path) => existsSync(path));
const MOUNTS = [
  { name: "node", path: dirname(process.execPath), mountPath: "/node" },
  { name: "program", path: import.meta.dirname, mountPath: "/program" },
  ...LIBRARIES.map((path, index) => ({ name: `libraries-${index}`, path, mountPath: path })),
];

/** Volumes that its pod needs. */
export const PROBED_VOLUMES = [
  ...MOUNTS.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
  { name: "state", emptyDir: {} },
];

export function probedContainer(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    name: "main",
    image: BUSYBOX,
    imagePullPolicy: "Never",
    command: ["/node/node", "--no-warnings", "/program/probed-program.ts"],
    ports: [{ name: "web", containerPort: 8080 }],
    volumeMounts: [
      ...MOUNTS.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
      { name: "state", mountPath: "/state" },
    ],
    ...fields,
  };
}
