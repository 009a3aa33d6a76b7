import { expect, it } from "vitest";
import { isFinalClose } from "../../../durable/protocol/close-codes.ts";

it.each([4401, 4403, 4404, 4406, 4408, 4409, 4429])("[P30] %i is final", (code) => {
  expect(isFinalClose(code)).toBe(true);
});

it.each([1000, 1001, 1006, 1011, 1012, 4000, 4001, 4400, 4402, 4499])("[P30] %i is retried", (code) => {
  expect(isFinalClose(code)).toBe(false);
});
