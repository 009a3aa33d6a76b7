// Owns the start of GraphiQL in the browser: who is not signed in is sent there first.
// Must not know the schema.

const workers = new Map([
  ["graphql", "/graphiql/graphql-worker.js"],
  ["json", "/graphiql/json-worker.js"],
]);

/**
 * @param {string} _module
 * @param {string} label
 */
function getWorkerUrl(_module, label) {
  return workers.get(label) ?? "/graphiql/editor-worker.js";
}

// By this name the editor looks for it.
Object.assign(globalThis, { MonacoEnvironment: { globalAPI: false, getWorkerUrl } });

const defaultQuery = `# The person's own shell. Ctrl-Enter asks; docs/api.md has more to ask.
{
  viewer {
    name
    administrator
  }
  shell {
    phase
    detail
    missing {
      text
    }
  }
}
`;

const { status } = await fetch("/graphql", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query: "{ viewer { id } }" }),
});
if (status === 401) location.replace("/auth/sign-in?return_to=/graphiql");
else {
  Reflect.get(globalThis, "YogaGraphiQL").renderYogaGraphiQL(document.getElementById("root"), {
    title: "Limpet",
    endpoint: "/graphql",
    defaultQuery,
  });
}
