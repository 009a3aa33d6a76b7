// Owns a run of the contract suite as it stands, in a process of its own, against the cluster that it is told of.
// Must not know how that cluster is reached.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");

export interface ContractTarget {
  readonly url: string;
  readonly namespace: string;
  readonly image: string;
  readonly issuer: string;
  readonly audience: string;
  /** A private JWK with a `kid`. */
  readonly signingKey: object;
  /** Path of the authority (PEM) of the url's certificate. */
  readonly caPath: string;
}

export interface ContractResult {
  readonly passed: number;
  readonly skipped: number;
  /** `FILE > TEST: what went wrong`, each at most 600 characters. */
  readonly failures: readonly string[];
}

export async function runContract(target: ContractTarget, limitMs: number): Promise<ContractResult> {
  const folder = await mkdtemp(join(tmpdir(), "limpet-contract-"));
  const report = join(folder, "report.json");
  const options = ["--project", "contract", "--reporter", "json", "--outputFile", report];
  const args = ["vitest", "run", "--config", "test/vitest.config.ts", ...options, "test/contract"];
  try {
    const said = await new Promise<string>((done) => {
      execFile(
        "npx",
        ["--no-install", ...args],
        { cwd: root, env: environment(target), timeout: limitMs },
        (error, out, err) => done(`${error?.message ?? ""}\n${out}\n${err}`.slice(-2_000)),
      );
    });
    const text = await readFile(report, "utf8").catch(() => null);
    if (text === null) throw new Error(`The contract suite left no report. ${said}`);
    return parseReport(JSON.parse(text));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function environment(target: ContractTarget): NodeJS.ProcessEnv {
  // Without what vitest tells its own children.
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|CONTRACT_)/.test(name));
  return {
    ...Object.fromEntries(own),
    CONTRACT_URL: target.url,
    CONTRACT_NAMESPACE: target.namespace,
    CONTRACT_IMAGE: target.image,
    CONTRACT_ISSUER: target.issuer,
    CONTRACT_AUDIENCE: target.audience,
    CONTRACT_SIGNING_KEY: JSON.stringify(target.signingKey),
    NODE_EXTRA_CA_CERTS: target.caPath,
  };
}

/** Of vitest's JSON reporter, which writes as jest's does. */
function parseReport(report: unknown): ContractResult {
  const files = listAt(report, "testResults");
  const tests = files.flatMap((file) => listAt(file, "assertionResults").map((test) => ({ file, test })));
  const failures = tests
    .filter(({ test }) => at(test, "status") === "failed")
    .map(({ file, test }) => {
      const name = String(at(file, "name")).split("/").at(-1);
      return `${name} > ${at(test, "title")}: ${listAt(test, "failureMessages").join(" ")}`.slice(0, 600);
    });
  // A file that did not even begin has no tests, and a message of its own.
  const broken = files.filter(
    (file) => at(file, "status") === "failed" && listAt(file, "assertionResults").length === 0,
  );
  return {
    passed: tests.filter(({ test }) => at(test, "status") === "passed").length,
    skipped: tests.filter(({ test }) => !["passed", "failed"].includes(String(at(test, "status")))).length,
    failures: [...failures, ...broken.map((file) => `${at(file, "name")}: ${at(file, "message")}`.slice(0, 600))],
  };
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function listAt(value: unknown, name: string): readonly unknown[] {
  const list = at(value, name);
  return Array.isArray(list) ? list : [];
}
