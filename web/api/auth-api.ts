// Owns what the page asks of /auth.
// Must not know the API of shells.

import { isFields } from "./graphql.ts";

export interface Installation {
  /** The shell is a process on the machine that serves this page, without isolation. */
  readonly local: boolean;
  /** Whom to ask when something is not allowed. */
  readonly contact: string | null;
  /** So long before a shell's end people are told of it. */
  readonly warnMs: number;
  /** False: nothing is ever pushed to a person's repository. */
  readonly saveUpstream: boolean;
}

/** What holds until the installation has answered, or where it did not. */
export const unknownInstallation: Installation = { local: false, contact: null, warnMs: 900_000, saveUpstream: true };

/** Public; `null` where no answer came. */
export async function askInstallation(): Promise<Installation | null> {
  try {
    const response = await fetch("/auth/info", { headers: { accept: "application/json" } });
    const body: unknown = await response.json();
    if (!isFields(body)) return null;
    const { local, contact, warnMs, saveUpstream } = body;
    return {
      local: local === true,
      contact: typeof contact === "string" ? contact : null,
      warnMs: typeof warnMs === "number" ? warnMs : unknownInstallation.warnMs,
      saveUpstream: saveUpstream !== false,
    };
  } catch {
    return null;
  }
}

/** Leaves the page for the identity provider and comes back to where it was. */
export function goToSignIn(): void {
  const returnTo = encodeURIComponent(location.pathname + location.search);
  location.assign(`/auth/sign-in?return_to=${returnTo}`);
}

/** False: still signed in, no answer came. */
export async function signOut(): Promise<boolean> {
  try {
    const response = await fetch("/auth/sign-out", { method: "POST" });
    return response.ok;
  } catch {
    return false;
  }
}
