// Owns the way to have the programs of the real Kubernetes built ahead: `node dev/kubernetes/binaries/main.ts` prints where
// they are. Must not know what they are for.

import { SetupError } from "../../setup/processes.mjs";
import { ensureBinaries } from "./ensure-binaries.ts";

try {
  const { dir } = await ensureBinaries();
  console.log(dir);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
