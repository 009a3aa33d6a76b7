// Owns how the document of the API comes into workerd: its text, and its scripts as code that can be called.
// Must not know what any example says.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const document = fileURLToPath(new URL("../../docs/api.md", import.meta.url));
const name = "virtual:api-examples";

/** `text`: the document. `scripts(fetch)`: its blocks of JavaScript run as one, with this `fetch`; gives their functions. */
export function apiExamples(): Plugin {
  return {
    name: "api-examples",
    resolveId: (id) => (id === name ? `\0${name}` : null),
    async load(id) {
      if (id !== `\0${name}`) return null;
      this.addWatchFile(document);
      const text = await readFile(document, "utf8");
      const scripts = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, script]) => script).join("\n");
      const names = [...scripts.matchAll(/^async function (\w+)/gm)].map(([, found]) => found);
      return `export const text = ${JSON.stringify(text)};\nexport function scripts(fetch) {\n${scripts}\nreturn { ${names.join(", ")} };\n}\n`;
    },
  };
}
