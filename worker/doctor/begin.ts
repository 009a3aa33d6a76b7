// Owns the beginning of a run: what may be asked, and that there is one run at a time in an installation.
// Must not know who asked.

import { openDatabase } from "../db/database.ts";
import { releaseLease, takeLease } from "../db/leases.ts";
import { LimpetError } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { checkGitUrl } from "../shells/validate-git-url.ts";
import { type Patience, probeLifeMs, usualPatience } from "./patience.ts";
import { ReportStream } from "./report-stream.ts";
import { runDoctor } from "./run.ts";

const leaseName = "doctor";

export interface DoctorWish {
  /** A repository whose host shells must reach, as a person writes its address; null: none. */
  readonly repository: string | null;
  /** True: it may be on this machine. */
  readonly local: boolean;
}

/**
 * @param keep told of what must go on although the request is over: the probe pod's end
 * @throws LimpetError `INVALID_GIT_URL`; `TOO_MANY_REQUESTS` where another run is under way
 */
export async function beginDoctor(
  env: Env,
  { repository, local }: DoctorWish,
  keep: (work: Promise<unknown>) => void,
  patience: Patience = usualPatience,
): Promise<ReportStream> {
  const checked = repository === null ? null : checkGitUrl(repository, local);
  if (checked !== null && !checked.ok) throw new LimpetError(checked.code, checked.message);
  const release = await takeTurn(env);
  const stream = new ReportStream((tell, cancel) =>
    runDoctor(
      {
        env,
        now: Date.now,
        pause: (ms) => scheduler.wait(ms),
        repository: checked?.value.url ?? null,
        patience,
        cancel,
      },
      tell,
    ).finally(release),
  );
  keep(stream.ended.catch(() => {}));
  return stream;
}

/** A D1 that does not answer keeps nobody from being told so. @returns what gives the turn back */
async function takeTurn(env: Env): Promise<() => Promise<void>> {
  const db = openDatabase(env);
  const holder = crypto.randomUUID();
  const taken = await takeLease(db, leaseName, holder, probeLifeMs).catch((error: unknown) => {
    log("warn", "doctor-without-lease", describeError(error));
    return null;
  });
  if (taken === false) {
    throw new LimpetError(
      "TOO_MANY_REQUESTS",
      "The doctor is at work already, for you or for somebody else. Wait until that is over; it takes some minutes at most.",
    );
  }
  return async () => {
    if (taken === null) return;
    await releaseLease(db, leaseName, holder).catch((error: unknown) => {
      // It runs out by itself.
      log("warn", "doctor-lease-kept", describeError(error));
    });
  };
}
