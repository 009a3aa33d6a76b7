// Owns finding in a program's log what went wrong last.
// Must not know the program: klog's lines begin with E or F and a date, zap's and logrus' have a level.

const error = /^[EF]\d{4} |"level":"(?:error|fatal|panic)"|level=(?:error|fatal)|^(?:panic|Error|error|fatal)[: ]/;
const longest = 400;

/** @returns the last line that is an error, else the last line; `null` where there is none */
export function lastError(log: string): string | null {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  return (lines.findLast((line) => error.test(line)) ?? lines.at(-1))?.trim().slice(0, longest) ?? null;
}
