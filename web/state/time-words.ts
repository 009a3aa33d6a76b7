// Owns how the page says when something was.
// Must not know what it was.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `just now`, `4 minutes ago`, `3 hours ago`, `2 days ago`. A time ahead, by a clock that differs, is now. */
export function ago(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  if (ageMs < 45_000) return "just now";
  if (ageMs < hour) return count(Math.max(1, Math.round(ageMs / minute)), "minute");
  if (ageMs < day) return count(Math.round(ageMs / hour), "hour");
  return count(Math.round(ageMs / day), "day");
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"} ago`;
}

/** `14:03` today, `Monday, 14:03` on another day of the last week, `23 Nov 2026, 14:03` before. */
export function clockTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  const near = Math.abs(nowMs - atMs) < 6 * day;
  return `${near ? at.toLocaleDateString([], { weekday: "long" }) : dateOf(atMs)}, ${time}`;
}

/** What Limpet and the pod write as `2026-11-23 14:03 UTC`, by the person's own clock. */
export function inLocalTime(text: string, nowMs: number): string {
  return text.replace(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g, (utc: string, date: string, time: string) => {
    const atMs = Date.parse(`${date}T${time}:00Z`);
    return Number.isNaN(atMs) ? utc : clockTime(atMs, nowMs);
  });
}

/** `23 Nov 2026`, as the person's own language writes it. */
export function dateOf(atMs: number): string {
  return new Date(atMs).toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
}

/** `Today`, `Yesterday`, `Monday, 23 November`. */
export function dayOf(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (at.toDateString() === new Date(nowMs).toDateString()) return "Today";
  if (at.toDateString() === new Date(nowMs - day).toDateString()) return "Yesterday";
  return at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

/** `812 kB`, `4.2 MB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
