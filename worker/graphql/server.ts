// Owns how the schema is served: limits before anything runs, errors masked, no caches that grow with what strangers send.
// Must not know cookies, origins or routes.

import { GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { ApiContext } from "./context.ts";
import { badDocument, presentError } from "./errors.ts";
import { findExcess, maxTokens } from "./limits.ts";
import { schema } from "./schema.ts";

const documentLimits: Plugin<object, ApiContext> = {
  onParse({ params }) {
    params.options = { ...params.options, maxTokens };
    return ({ result, replaceParseResult }) => {
      if (result instanceof Error) replaceParseResult(badDocument(result));
    };
  },
  onValidate({ params, setResult }) {
    const excess = findExcess(params.documentAST);
    if (excess !== null) setResult([badDocument(new GraphQLError(excess))]);
    return ({ valid, result, setResult: replaceResult }) => {
      if (!valid) replaceResult(result.map(badDocument));
    };
  },
};

export const graphqlServer = createYoga<ApiContext>({
  schema,
  graphqlEndpoint: "/graphql",
  plugins: [documentLimits],
  maskedErrors: { maskError: presentError, errorMessage: "Something went wrong here." },
  graphiql: false,
  landingPage: false,
  parserAndValidationCache: false,
  batching: false,
  multipart: false,
  cors: false,
  logging: false,
});
