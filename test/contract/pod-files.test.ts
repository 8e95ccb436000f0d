import { createPodFiles } from "../../src/host/files/create-pod-files.ts";
import { createFileWorld } from "./file-world.ts";
import { podFilesContract } from "./pod-files-contract.ts";

podFilesContract("host", async () => {
  const { world, close } = await createFileWorld();
  await world.makeDirectory(`${world.scratch}/root`);
  return { files: await createPodFiles({ rootDir: `${world.scratch}/root` }), world, close };
});
