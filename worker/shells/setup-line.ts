// Owns the one line of JSON that `setup` reads on its stdin, and the lines that it prints (cluster/image/setup).
// Must not know where secrets are kept or how an exec is opened.

import type { AwsCredentials, AzureCredentials, GoogleCredentials, SetupStep } from "./shell-setup.ts";

/** Everything a pod needs to become this person's shell. Null: not given; what an earlier one put there is taken away. */
export interface SetupLine {
  readonly version: 1;
  /** 32 hex digits, random; the receipt says it again. */
  readonly nonce: string;
  readonly shell: { readonly id: string };
  /** Where the pod reports to (worker/pod-api), and with what. */
  readonly edge: { readonly url: string; readonly capability: string };
  readonly person: { readonly name: string | null; readonly email: string | null };
  readonly git: {
    readonly url: string;
    readonly branch: string | null;
    /** Below the home. */
    readonly workspace: string;
    /** A private key in OpenSSH's form, or null. */
    readonly key: string | null;
    readonly token: { readonly user: string; readonly token: string } | null;
    readonly saveUpstream: boolean;
  } | null;
  readonly aws: AwsCredentials | null;
  readonly google: GoogleCredentials | null;
  readonly azure: AzureCredentials | null;
  readonly kubeconfig: string | null;
  readonly company: {
    readonly caBundle: string | null;
    readonly httpsProxy: string | null;
    readonly httpProxy: string | null;
    readonly noProxy: string | null;
    readonly knownHosts: string | null;
  };
  readonly save: {
    /** 64 hex digits: the key of this shell's MACs. */
    readonly key: string;
    readonly everySeconds: number;
    readonly fileLimitBytes: number;
    readonly homeLimitBytes: number;
    readonly include: readonly string[];
  };
  /** The newest snapshot of the home, to be put back into a new pod; null: there is none. */
  readonly snapshot: {
    readonly url: string;
    /** Opens this one snapshot for some minutes. */
    readonly ticket: string;
    readonly sha256: string;
    readonly bytes: number;
    /** Unix milliseconds. */
    readonly savedAt: number;
  } | null;
  /**
   * True: before its receipt it also tries what no shell may reach (`{"type":"reach","to","address","state"}`), and says which
   * programs the image has, a line each (`{"type":"program","name","version"}`).
   */
  readonly tellPrograms?: true;
}

/**
 * What `setup` prints, one JSON object a line on stdout. Other lines are ignored; without a receipt of this nonce it failed,
 * whatever the exec's Status says.
 */
export type SetupWord =
  /** A step begins; `text` is shown while it lasts. */
  | { readonly type: "step"; readonly step: SetupStep; readonly text: string }
  | {
      readonly type: "check";
      readonly step: SetupStep;
      readonly state: "done" | "failed" | "skipped" | "conflict";
      readonly code: string | null;
      readonly text: string;
    }
  | { readonly type: "receipt"; readonly nonce: string };
