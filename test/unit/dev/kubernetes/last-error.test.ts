// Owns the tests of what is shown of a log.
// Must not know the programs.

import { expect, test } from "vitest";
import { lastError } from "../../../../dev/kubernetes/components/last-error.ts";

test.each([
  ["nothing in it", "\n \n", null],
  ["no error", "I1123 17:19:10 one\nI1123 17:19:11 two\n", "I1123 17:19:11 two"],
  [
    "klog",
    'I1123 a\nE1123 17:32:42.6 "no cAdvisor" err="inotify_init"\nI1123 b\n',
    'E1123 17:32:42.6 "no cAdvisor" err="inotify_init"',
  ],
  ["zap", '{"level":"fatal","msg":"x"}\n{"level":"info","msg":"y"}', '{"level":"fatal","msg":"x"}'],
  ["logrus", 'time="1" level=error msg="x"\ntime="2" level=info', 'time="1" level=error msg="x"'],
])("%s", (_, log, line) => {
  expect(lastError(log)).toBe(line);
});

test("a line is cut at a length that a person reads", () => {
  expect(lastError("x".repeat(9_000))).toHaveLength(400);
});
