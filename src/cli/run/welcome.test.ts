import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { programName, welcomeText } from "./welcome.ts";

const web = {
  metadata: { name: "web", namespace: "default" },
  spec: { containers: [{ name: "httpd", ports: [{ containerPort: 80, hostPort: 8080, hostIP: "127.0.0.1" }] }] },
};
const worker = { metadata: { name: "worker", namespace: "jobs" }, spec: { containers: [{ name: "w" }] } };

describe("welcome", () => {
  it("names commands for pods that are there, and where they answer", () => {
    const input = { pods: [web, worker], program: "./bin/tskubelet", manifests: "examples/" };
    const text = welcomeText({ ...input, rootDir: "/var/lib/tskubelet" });
    assert.match(text, /runs 2 pods of examples\//);
    assert.match(text, /\.\/bin\/tskubelet logs -f jobs\/worker$/m);
    assert.match(text, /Pod web answers at http:\/\/127\.0\.0\.1:8080\/$/m);
    assert.doesNotMatch(text, /--root-dir/);
    assert.match(welcomeText({ ...input, rootDir: "/tmp/x" }), /get pods -o wide --root-dir \/tmp\/x$/m);
    assert.match(welcomeText({ ...input, rootDir: "/tmp/x" }), /exec -it --root-dir \/tmp\/x \S+ -- sh$/m);
  });

  it("names no pod where there is none", () => {
    const text = welcomeText({ pods: [], program: "tskubelet", rootDir: "/tmp/x", manifests: "" });
    assert.doesNotMatch(text, /logs|exec|undefined/);
  });

  it("calls the program as it can be called from here", () => {
    assert.equal(programName("/src/tsk/dist/cli/main.js", "/src/tsk", {}), "./bin/tskubelet");
    assert.equal(programName("/src/tsk/dist/cli/main.js", "/home/me", {}), "/src/tsk/bin/tskubelet");
    const installed = "/usr/lib/node_modules/tskubelet/dist/cli/main.js";
    assert.equal(programName(installed, "/home/me", { SUDO_USER: "me" }), "sudo tskubelet");
  });
});
