// Owns asking the tmux of one person's pod, on this machine, what it holds: the truth that every screen is compared with.
// Must not know how the page or the edge see it.

import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { environmentOf, listProcesses } from "./processes.ts";
import { until } from "./until.ts";

export class PodTmux {
  readonly #socket: string;
  readonly home: string;

  private constructor(socket: string, home: string) {
    this.#socket = socket;
    this.home = home;
  }

  /** The tmux of the pod with this name, once it runs: found by the environment that the local cluster gives a pod. */
  static async of(podName: string): Promise<PodTmux> {
    const { run, home } = await until(
      `processes of ${podName} on this machine`,
      () => {
        for (const { pid } of listProcesses()) {
          const environment = environmentOf(pid);
          const run = environment.get("LIMPET_RUN");
          const home = environment.get("HOME");
          if (environment.get("HOSTNAME") === podName && run !== undefined && home !== undefined) return { run, home };
        }
        return { run: "", home: "" };
      },
      (places) => places.run !== "",
    );
    return new PodTmux(`${run}/tmux`, home);
  }

  /** One tmux command's output. */
  async ask(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("tmux", ["-S", this.#socket, ...args], {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, LANG: "C.UTF-8" },
    });
    return stdout;
  }

  async format(format: string): Promise<string> {
    return (await this.ask("display-message", "-p", "-t", "=limpet:", format)).replace(/\n$/, "");
  }

  /** History and screen as lines: wrapped ones joined, blanks at their ends and blank lines at the end left out. */
  async lines(): Promise<readonly string[]> {
    return trimLines((await this.ask("capture-pane", "-p", "-J", "-S", "-", "-t", "=limpet:")).split("\n"));
  }

  /** Only the screen, as rows. */
  async rows(): Promise<readonly string[]> {
    return trimLines((await this.ask("capture-pane", "-p", "-t", "=limpet:")).split("\n"));
  }

  async size(): Promise<string> {
    return await this.format("#{pane_width}x#{pane_height}");
  }

  /** True while the server runs. */
  isThere(): boolean {
    try {
      execFileSync("tmux", ["-S", this.#socket, "has-session", "-t", "=limpet"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }
}

/** Blanks at the ends of lines and blank lines at the end count for nothing. */
export function trimLines(lines: readonly string[]): readonly string[] {
  const trimmed = lines.map((line) => line.replaceAll("\u00a0", " ").trimEnd());
  while (trimmed.at(-1) === "") trimmed.pop();
  return trimmed;
}
