// Owns the small pages that the Worker itself shows: one heading, one sentence, the next steps. No script.
// Must not know when they are shown.

import { html } from "hono/html";
import type { AppContext } from "./context.ts";
import type { ErrorStatus } from "./errors.ts";

export interface Page {
  readonly title: string;
  readonly sentence: string;
  /** What can be done next; the first is the likeliest. Addresses on our own origin. */
  readonly steps: readonly { readonly href: string; readonly text: string }[];
}

/** Names the header's policy for one response: only the page's own style element may apply. */
function pagePolicy(nonce: string): string {
  return `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2321; --paper: #f7f8f6; --accent: #0b6e5f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9e6; --paper: #121716; --accent: #5cc7b3; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; padding: 2rem 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: 0 0 1.5rem; }
nav { display: flex; flex-wrap: wrap; gap: .75rem; }
a { color: var(--accent); padding: .6rem 1rem; border: 1px solid currentcolor; border-radius: .5rem; text-decoration: none; }
a:first-child { background: var(--accent); color: var(--paper); border-color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`;

export function renderPage(c: AppContext, page: Page, status: ErrorStatus): Response | Promise<Response> {
  const nonce = crypto.randomUUID();
  c.header("content-security-policy", pagePolicy(nonce));
  c.header("cache-control", "no-store");
  const steps = page.steps.map((step) => html`<a href="${step.href}">${step.text}</a>`);
  return c.html(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Limpet</title>
<style nonce="${nonce}">${style}</style>
</head>
<body><main><h1>${page.title}</h1><p>${page.sentence}</p><nav>${steps}</nav></main></body>
</html>`,
    status,
  );
}
