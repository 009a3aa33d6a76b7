// Owns the way to have the images of the real Kubernetes built ahead: `node dev/kubernetes/images/main.ts` prints what there is.
// Must not know what they are for.

import { SetupError } from "../../setup/processes.mjs";
import { ensureImages } from "./ensure-images.ts";

try {
  for (const [name, { reference, archive }] of Object.entries(await ensureImages())) {
    console.log(`${name} ${reference} ${archive}`);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
