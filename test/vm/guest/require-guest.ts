// Imported first by every guest test: these tests mount, load modules and write cgroups as if the machine were theirs.
if (process.env["TSKUBELET_VM"] === undefined) {
  throw new Error("guest tests run in the virtual machine only: node test/vm/run.ts FILTER");
}
