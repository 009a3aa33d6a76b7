// Owns taking what a person gave out of GraphQL's own messages: it may be a secret, and graphql quotes it.
// Must not know the schema.

import { GraphQLError } from "graphql";

/** graphql's coercion of variables: `Variable "$input" got invalid value VALUE at "input.aws.region"; CAUSE`. */
const variableValue = /^(Variable "\$\w+") got invalid value .*$/s;
/** The last one: a value may look like one itself. Only names and places in lists are in a path. */
const placeAtEnd = /.* at "([\w.[\]]{1,300})"; /s;
/** The parser's words for what it met: `Name "x"`, `String "x"`. */
const token = /\b(Name|String|BlockString|Int|Float|Comment|Enum) ".*"/gs;

/**
 * The message of an error that graphql itself made, without any value of the request: what was expected, and where, stays.
 * Names of fields, types and variables stay too.
 */
export function messageWithoutValues(error: GraphQLError): string {
  const [, variable] = variableValue.exec(error.message) ?? [];
  if (variable === undefined) return withoutValues(error.message);
  const [, place] = placeAtEnd.exec(error.message) ?? [];
  const where = place === undefined ? "" : ` at ${place}`;
  const cause = error.originalError instanceof GraphQLError ? ` ${withoutValues(error.originalError.message)}` : "";
  return `${variable} has a wrong value${where}.${cause}`;
}

/** A value stands at the end of a message, or between quotes behind the word. */
function withoutValues(message: string): string {
  if (message.startsWith("Syntax Error: ")) return message.replaceAll(token, "$1");
  return message
    .replace(/\bValue ".*" does not exist in /s, "The value does not exist in ")
    .replace(/ value: .*$/s, " value.")
    .replace(/(?:, but encountered error|[,;] found:) .*$/s, ".")
    .replace(/ Found: .*$/s, "");
}
