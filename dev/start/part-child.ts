// Owns the life of a part inside its own process: configured by its supervisor, ready once, ended with it.
// Must not know which part it is.

/** What a part's process does once it knows its configuration. */
export interface RunningPart {
  /** Told to the supervisor: addresses and process ids. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Ends it gracefully. Called once. */
  stop(): Promise<void>;
}

/** What a running part may say to its supervisor. */
export interface PartControl {
  /** Something that the person should know of; the part goes on. */
  tell(what: string): void;
  /** The part cannot go on: it ends, and is started anew. */
  fail(reason: string): void;
}

/** A part that does not end by itself after this long is ended. */
const stopMs = 15_000;

/**
 * Runs a part in this process. The supervisor sends one configuration over the IPC channel; when that channel closes,
 * the supervisor is gone (even by SIGKILL) and the part ends too. A terminal's Ctrl-C is the supervisor's to act on.
 * @param start throws where the part cannot start: its message is what a person is shown
 */
export function runPart(start: (configuration: unknown, control: PartControl) => Promise<RunningPart>): void {
  let running: Promise<RunningPart> | null = null;
  let ending = false;

  const end = async (code: number): Promise<never> => {
    if (ending) return await new Promise(() => {});
    ending = true;
    setTimeout(() => process.exit(code === 0 ? 1 : code), stopMs).unref();
    try {
      const part = await running;
      await part?.stop();
    } catch (error) {
      console.error(error);
    }
    process.exit(code);
  };
  const control: PartControl = {
    tell: (what) => process.send?.({ type: "tell", what }),
    fail(reason) {
      if (ending) return;
      console.error(reason);
      void end(1);
    },
  };

  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  process.on("SIGTERM", () => void end(0));
  process.on("disconnect", () => void end(0));
  process.on("message", (configuration) => {
    if (running !== null) return;
    running = start(configuration, control);
    running.then(
      ({ ready }) => process.send?.({ type: "ready", ...ready }),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exit(1);
      },
    );
  });
}
