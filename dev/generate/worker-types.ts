// Owns how the types of the Worker's environment are made from wrangler.toml.
// Must not know when.

/** With `--check` after it: says whether the file is current. Variables are text, not the very text that stands there. */
export const workerTypesCommand = [
  "wrangler",
  "types",
  "--strict-vars=false",
  "worker/worker-configuration.d.ts",
] as const;
