// Owns the random names of records.
// Must not know what they name.

/** Crockford's base32 in lower case: in ASCII order, and fit for a DNS label. */
const digits = "0123456789abcdefghjkmnpqrstvwxyz";

function randomDigits(count: number): string {
  let text = "";
  // 256 is a multiple of 32, so each digit is equally likely.
  for (const byte of crypto.getRandomValues(new Uint8Array(count))) text += digits.charAt(byte % 32);
  return text;
}

function encode(value: number, count: number): string {
  let text = "";
  for (let rest = value; text.length < count; rest = Math.floor(rest / 32)) text = digits.charAt(rest % 32) + text;
  return text;
}

/** 20 digits, 100 random bits. Pods and objects are named by it, so it tells nothing about the person. */
export function makeUserId(): string {
  return randomDigits(20);
}

/** 20 digits, 100 random bits. */
export function makeShellId(): string {
  return randomDigits(20);
}

const shellId = new RegExp(`^[${digits}]{20}$`);

export function isShellId(value: string): boolean {
  return shellId.test(value);
}

let lastMs = 0;
let sequence = 0;

/**
 * 26 digits that sort by time: 10 of milliseconds, 3 of a sequence within one millisecond of this isolate (a Worker's
 * clock stands still between two awaits), 13 random.
 */
export function makeEventId(nowMs: number): string {
  sequence = nowMs === lastMs ? (sequence + 1) % 32 ** 3 : 0;
  lastMs = nowMs;
  return encode(nowMs, 10) + encode(sequence, 3) + randomDigits(13);
}

/** No id of an event of this moment or a later one sorts before it, and all of earlier ones do. */
export function firstEventIdOf(ms: number): string {
  return encode(Math.max(0, ms), 10);
}

const eventId = new RegExp(`^[${digits}]{26}$`);

export function isEventId(value: string): boolean {
  return eventId.test(value);
}
