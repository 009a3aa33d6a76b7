// Owns the id by which the object knows this tab: kept over a reload, never shared by two tabs.
// Must not know the socket.

import type { ViewerId } from "../../durable/protocol/messages.ts";

const storageKey = "limpet.viewer";
const form = /^[0-9a-f]{32}$/;

let claimed: Promise<ViewerId> | undefined;

/** The same for as long as this page lives. */
export function claimViewerId(): Promise<ViewerId> {
  claimed ??= claim();
  return claimed;
}

/**
 * A duplicated tab brings the other's storage along. Whoever holds the lock of an id is that viewer for as long as the
 * page lives; a page that finds it taken makes itself a new one.
 */
async function claim(): Promise<ViewerId> {
  const kept = readKept();
  if (kept !== null && (await hold(kept))) return kept;
  const fresh = randomId();
  await hold(fresh);
  try {
    sessionStorage.setItem(storageKey, fresh);
  } catch {
    // Storage is refused: a reload is another viewer then, and gets a picture in place of the missing bytes.
  }
  return fresh;
}

function readKept(): ViewerId | null {
  try {
    const kept = sessionStorage.getItem(storageKey);
    return kept !== null && form.test(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** Where the browser has no locks (an insecure origin) a kept id is trusted. */
function hold(viewer: ViewerId): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const request = navigator.locks.request(`limpet.viewer.${viewer}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      // Never settled: the lock is held until the page is gone.
      return lock === null ? undefined : new Promise<void>(() => undefined);
    });
    request.catch(() => resolve(true));
  });
}

function randomId(): ViewerId {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
