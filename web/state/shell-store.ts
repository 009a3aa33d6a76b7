// Owns what the page knows of the person's shell from the API, and keeps it current.
// Must not know screens or the socket: who hears that something changed says so with `refresh`.

import { type Accessor, createSignal } from "solid-js";
import type { SetupShellInput, UpdateShellInput } from "../api/generated.ts";
import type { ApiResult } from "../api/result.ts";
import type { Shell } from "../api/shell.ts";
import { askShell, setupShell, updateShell } from "../api/shell-api.ts";

/** While something is on its way into the pod the socket tells each step; this is for when it is away. */
const pendingEveryMs = 2_000;

export interface ShellStore {
  readonly shell: Accessor<Shell | null>;
  /** What any other answer of the API said of it. */
  know(shell: Shell | null): void;
  /** Asks again; calls that come while one is under way become one more. */
  refresh(): Promise<void>;
  /** Settings first, so that one run of the set-up carries both. Both `null`: what is there is set up again. */
  change(setup: SetupShellInput | null, settings: UpdateShellInput | null): Promise<ApiResult<Shell>>;
}

export function createShellStore(): ShellStore {
  const [shell, setShell] = createSignal<Shell | null>(null);
  let asking: Promise<void> | null = null;
  let again = false;
  /** An answer that was asked for before a change is older than the change's own. */
  let changes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const know = (known: Shell | null): void => {
    changes++;
    setShell(known);
    clearTimeout(timer);
    if (known?.setupPending === true) timer = setTimeout(poll, pendingEveryMs);
  };
  const poll = (): void => {
    if (!document.hidden) void refresh();
    else timer = setTimeout(poll, pendingEveryMs);
  };
  const ask = async (): Promise<void> => {
    do {
      again = false;
      const before = changes;
      const asked = await askShell();
      if (changes !== before) continue;
      if (asked.ok) know(asked.value);
      else if (asked.code === "SHELL_NOT_FOUND") know(null);
      else if (shell()?.setupPending === true) timer = setTimeout(poll, pendingEveryMs);
    } while (again);
    asking = null;
  };
  const refresh = (): Promise<void> => {
    if (asking !== null) again = true;
    asking ??= ask();
    return asking;
  };

  return {
    shell,
    know,
    refresh,
    async change(setup, settings) {
      if (settings !== null) {
        const updated = await updateShell(settings);
        if (updated.ok) know(updated.value);
        if (!updated.ok || setup === null) return updated;
      }
      const changed = await setupShell(setup ?? {});
      if (changed.ok) know(changed.value);
      return changed;
    },
  };
}
