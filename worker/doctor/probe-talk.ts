// Owns one conversation with `setup` in the probe pod: a line without anything of a person's, and what was said to it.
// Must not know how an exec is opened, or what is said of what was heard.

import type { Config } from "../config.ts";
import type { LinesEnd } from "../kubernetes/exec-lines.ts";
import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import { makeCapability } from "../pod-api/capability.ts";
import type { SetupLine } from "../shells/setup-line.ts";
import { makeSaveKey } from "../shells/setup-sources.ts";
import { parseSetupWord } from "../shells/setup-words.ts";
import type { SetupStep } from "../shells/shell-setup.ts";
import { parseReach, type SeenReach } from "./network-words.ts";
import type { SeenProgram, SeenSetup, SeenStep } from "./pod-words.ts";

export interface ProbeWish {
  readonly id: string;
  readonly podUid: string;
  /** Only reached, never cloned; null: none. */
  readonly repository: string | null;
}

/** Gives the line to `setup`, and each line of its stdout to `heard`; true: enough. */
export type Exchange = (line: string, heard: (line: string) => boolean) => Promise<LinesEnd>;

const maxVersionLength = 40;

export class ProbeTalk {
  readonly #begunMs: number;
  readonly #steps = new Map<SetupStep, Exclude<SeenStep, null>>();
  readonly #programs: SeenProgram[] = [];
  readonly #reaches: SeenReach[] = [];
  #end: LinesEnd = { type: "cancelled" };
  #endedMs = 0;

  private constructor(begunMs: number) {
    this.#begunMs = begunMs;
  }

  /** Over when it comes back. Never rejects for what the pod does. */
  static async begin(config: Config, wish: ProbeWish, now: () => number, exchange: Exchange): Promise<ProbeTalk> {
    const line = await makeLine(config, wish);
    const secrets = [line.edge.capability, line.save.key];
    const talk = new ProbeTalk(now());
    talk.#end = await exchange(JSON.stringify(line), (text) => talk.#heard(text, line.nonce, secrets, wish));
    talk.#endedMs = now();
    return talk;
  }

  /** How the first conversation ended; for one about a repository see `step`. */
  get end(): SeenSetup {
    const end = this.#end;
    switch (end.type) {
      case "enough":
        return { type: "receipt", ms: this.#endedMs - this.#begunMs };
      case "refused":
        return { type: "refused", status: end.failure.status, message: end.failure.message };
      case "ended":
        return end;
      case "cancelled":
        return { type: "lost" };
      default:
        return { type: end.type };
    }
  }

  get programs(): readonly SeenProgram[] {
    return this.#programs;
  }

  /** What no shell may reach, as the pod tried it. */
  get reaches(): readonly SeenReach[] {
    return this.#reaches;
  }

  /** Null: nothing was said of it. */
  step(step: SetupStep): SeenStep {
    return this.#steps.get(step) ?? null;
  }

  #heard(text: string, nonce: string, secrets: readonly string[], { repository }: ProbeWish): boolean {
    const program = parseProgram(text);
    if (program !== null) {
      this.#programs.push(program);
      return false;
    }
    const reach = parseReach(text);
    if (reach !== null) {
      this.#reaches.push(reach);
      return false;
    }
    const word = parseSetupWord(text, secrets);
    if (word?.type === "check") {
      this.#steps.set(word.step, { done: word.state === "done", code: word.code, text: word.text });
      // What comes after it would be the clone.
      return word.step === "git" && repository !== null;
    }
    return word?.type === "receipt" && word.nonce === nonce;
  }
}

/** `{"type":"program","name":"helm","version":"v4.1.4"}`, or with null: it is not there. */
function parseProgram(line: string): SeenProgram | null {
  const word = line.startsWith("{") ? parseJson(line) : null;
  if (!isObject(word) || word["type"] !== "program") return null;
  const name = stringAt(word, "name");
  const version = stringAt(word, "version");
  if (name === null || !/^[a-z0-9-]{1,20}$/.test(name)) return null;
  return { name, version: version === null ? null : version.slice(0, maxVersionLength) };
}

/** Its capability is in order but for one thing: no record has this shell, so it opens nothing. */
async function makeLine(config: Config, { id, podUid, repository }: ProbeWish): Promise<SetupLine> {
  const { sealKeys, podEdgeUrl, company, save } = config;
  return {
    version: 1,
    nonce: crypto.randomUUID().replaceAll("-", ""),
    shell: { id },
    edge: { url: podEdgeUrl, capability: await makeCapability(sealKeys, { shellId: id, podUid, generation: 0 }) },
    person: { name: null, email: null },
    git:
      repository === null
        ? null
        : { url: repository, branch: null, workspace: "doctor", key: null, token: null, saveUpstream: false },
    aws: null,
    google: null,
    azure: null,
    kubeconfig: null,
    company,
    save: {
      key: makeSaveKey(),
      everySeconds: save.everySeconds,
      fileLimitBytes: save.fileLimitBytes,
      homeLimitBytes: save.homeLimitBytes,
      include: save.include,
    },
    snapshot: null,
    ...(repository === null ? { tellPrograms: true } : {}),
  };
}
