// Owns the proof that graphql quotes what it was given, and that no quote is left of it.
// Must not know which types there are.

import { buildSchema, GraphQLError, parse, validate } from "graphql";
import { getVariableValues } from "graphql/execution/values";
import { describe, expect, it } from "vitest";
import { messageWithoutValues } from "../../../worker/graphql/values.ts";

const schema = buildSchema(`
  enum Colour { RED }
  input Inner @oneOf { text: String number: Int }
  input Outer { colour: Colour flag: Boolean list: [Int!] inner: Inner must: String! }
  type Query { field(input: Outer): Int }
`);
const secret = "s3cr3t";

function quoted(messages: readonly string[]): boolean {
  return messages.some((message) => message.includes(secret));
}

function expectSilence(errors: readonly GraphQLError[]): void {
  expect(errors.length).toBeGreaterThan(0);
  expect(quoted(errors.map(({ message }) => message))).toBe(true);
  const told = errors.map(messageWithoutValues);
  expect(quoted(told)).toBe(false);
  for (const message of told) expect(message).toMatch(/^[A-Z].*[.?\w]$/s);
}

describe("graphql's own words", () => {
  it.each([
    `must: "x", colour: "${secret}"`,
    `must: "x", colour: ${secret}`,
    `must: "x", flag: "${secret}"`,
    `must: "x", list: ["${secret}"]`,
    `must: "x", inner: "${secret}"`,
    `must: "x", inner: {text: {a: "${secret}"}}`,
    `must: ["${secret}"]`,
    `colour: RED, inner: {text: "${secret}"}`,
    `must: "x", lists: "${secret}"`,
  ])("on the literal {%s} lose it", (input) => {
    expectSilence(validate(schema, parse(`{ field(input: {${input}}) }`)));
  });

  it.each([
    secret,
    [secret],
    { must: { secret } },
    { must: "x", colour: secret },
    { must: "x", flag: secret },
    { must: "x", list: [1, secret] },
    { must: "x", list: [secret, secret, secret] },
    { colour: "RED", inner: { text: secret } },
    { must: "x", inners: secret },
    { must: "x", inner: { texts: secret } },
  ])("on the variable %j lose it", (input) => {
    const [operation] = parse("query ($input: Outer!) { field(input: $input) }").definitions;
    if (operation?.kind !== "OperationDefinition") throw new Error("it is an operation");
    const { errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], { input });
    expectSilence(errors);
  });

  it.each([`{ field(input: {must: "a" "${secret}"}) }`, `{ field(input: 1 "${secret}"`, `{ field } ${secret}`])(
    "on the document %s lose it",
    (document) => {
      try {
        parse(document);
        expect.unreachable();
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        expectSilence([error]);
      }
    },
  );
});
