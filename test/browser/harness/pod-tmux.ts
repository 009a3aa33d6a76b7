// Owns asking one person's pod what it holds, its tmux and its files: the truth that every screen is compared with.
// Must not know how the page or the edge see it, nor where the pod is.

import { kubernetes } from "./cluster-target.ts";
import { kubernetesPlace, localPlace, type PodPlace } from "./pod-place.ts";

export class PodTmux {
  readonly #place: PodPlace;

  private constructor(place: PodPlace) {
    this.#place = place;
  }

  /** The tmux of the pod with this name, once it runs. */
  static async of(podName: string): Promise<PodTmux> {
    return new PodTmux(kubernetes === null ? await localPlace(podName) : await kubernetesPlace(kubernetes, podName));
  }

  get home(): string {
    return this.#place.home;
  }

  /** One tmux command's output. */
  async ask(...args: readonly string[]): Promise<string> {
    return await this.#place.run("tmux", ["-S", this.#place.socket, ...args]);
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
  async isThere(): Promise<boolean> {
    return await this.#succeeds("tmux", "-S", this.#place.socket, "has-session", "-t", "=limpet");
  }

  /** A file's text. `path`: below the home. @throws where there is none */
  async read(path: string): Promise<string> {
    return await this.#place.run("cat", ["--", `${this.home}/${path}`]);
  }

  async write(path: string, text: string, mode = "644"): Promise<void> {
    const script = 'cat >"$1" && chmod "$2" "$1"';
    await this.#place.run("sh", ["-c", script, "sh", `${this.home}/${path}`, mode], text);
  }

  async exists(path: string): Promise<boolean> {
    return await this.#succeeds("test", "-e", `${this.home}/${path}`);
  }

  /** Of a file, in bytes. */
  async sizeOf(path: string): Promise<number> {
    return Number(await this.#place.run("stat", ["--format=%s", `${this.home}/${path}`]));
  }

  /** git in a folder below the home, as somebody; its output without the last newline. */
  async git(folder: string, ...args: readonly string[]): Promise<string> {
    const somebody = ["-c", "user.name=A Person", "-c", "user.email=person@example.com"];
    return (await this.#place.run("git", ["-C", `${this.home}/${folder}`, ...somebody, ...args])).replace(/\n$/, "");
  }

  async #succeeds(program: string, ...args: readonly string[]): Promise<boolean> {
    try {
      await this.#place.run(program, args);
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
