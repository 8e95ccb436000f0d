import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandShell } from "./command-shell.ts";

describe("CommandShell", () => {
  it("runs commands one after the other, each with its own code and output", async () => {
    const shell = new CommandShell();
    const commands = [["printf", "%s", "one"], ["false"], ["sh", "-c", "echo both >&2; exit 7"], ["printf", ""]];
    const results = await Promise.all(commands.map((command) => shell.run(command)));
    assert.deepEqual(results, [
      { exitCode: 0, output: "one" },
      { exitCode: 1, output: "" },
      { exitCode: 7, output: "both" },
      { exitCode: 0, output: "" },
    ]);
  });

  it("hands arguments over as they are", async () => {
    const odd = 'a\'b "c" $HOME `id` \\ * ;&|\n#';
    assert.equal((await new CommandShell().run(["printf", "%s", `${odd}end`])).output, `${odd}end`);
  });

  it("tells that a program is missing", async () => {
    assert.equal((await new CommandShell().run(["/no/such/program"])).exitCode, 127);
  });

  it("keeps commands from reading its own input", async () => {
    const shell = new CommandShell();
    const results = await Promise.all([shell.run(["cat"]), shell.run(["printf", "next"])]);
    assert.deepEqual(
      results.map((result) => result.output),
      ["", "next"],
    );
  });

  it("fails what waits when the shell dies, and starts another one", async () => {
    const shell = new CommandShell();
    const killed = shell.run(["sh", "-c", "kill -9 $PPID"]);
    await assert.rejects(Promise.all([killed, shell.run(["true"])]), /shell for mounts ended/);
    assert.equal((await shell.run(["printf", "again"])).output, "again");
  });

  it("bounds what it keeps of a long output", async () => {
    const { output, exitCode } = await new CommandShell().run(["head", "-c", "1000000", "/dev/zero"]);
    assert.equal(exitCode, 0);
    assert.ok(output.length <= 16_384, `${output.length}`);
  });
});
