// Owns the table of names at the local issuer.

import { expect, test } from "vitest";
import { People, parseName } from "../../../dev/issuer/people.ts";

test.each([
  ["Ada", "Ada"],
  ["  Grace   Hopper ", "Grace Hopper"],
  ["\u202eevil\u0007", "evil"],
  ["中島 敦", "中島 敦"],
  ["", null],
  ["   ", null],
  ["x".repeat(61), null],
])("%j is taken as %j", (typed, name) => {
  expect(parseName(typed)).toBe(name);
});

test("one person however the name is written, shown as it was written last", () => {
  const people = new People();
  const first = people.arrive("grace hopper");
  expect(people.arrive("Grace  Hopper")).toBe(first);
  expect(people.claims(first ?? "")).toMatchObject({ sub: "grace hopper", name: "Grace Hopper" });
});

test("two names never share an address, and an address has no character that mail forbids", () => {
  const people = new People();
  const emails = ["Zoë", "Zoe", "a b", "a.b", "a=2eb", 'a"b'].map(
    (name) => people.claims(people.arrive(name) ?? "").email,
  );
  expect(new Set(emails).size).toBe(emails.length);
  for (const email of emails) expect(email).toMatch(/^[a-z0-9._=!~*'()-]+@localhost$/i);
});
