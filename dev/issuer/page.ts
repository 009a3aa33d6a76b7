// Owns how the local issuer looks: the sign-in page and its sentence for a fault.
// Must not know how signing in works.

import { createHash } from "node:crypto";
import { maxNameLength } from "./people.ts";

const style = `
:root { color-scheme: light dark; --ink: light-dark(#16211f, #e8efec); --soft: light-dark(#5a6a66, #97a8a3);
  --paper: light-dark(#f5f7f6, #101615); --card: light-dark(#ffffff, #182120); --line: light-dark(#d6dfdc, #2c3a37);
  --accent: light-dark(#0b6b5d, #4cc2ae); --on-accent: light-dark(#ffffff, #06231e); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(25rem, 100%); background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem; }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; letter-spacing: -.01em; }
p { margin: 0 0 1.25rem; color: var(--soft); }
label { display: block; font-weight: 600; font-size: .875rem; margin-bottom: .375rem; }
input, button { width: 100%; font: inherit; padding: .625rem .75rem; border-radius: .5rem; }
input { border: 1px solid var(--line); background: var(--paper); color: inherit; }
button { margin-top: .75rem; border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
small { display: block; margin-top: 1.25rem; color: var(--soft); font-size: .8125rem; }
`;

const styleHash = createHash("sha256").update(style).digest("base64");

/** Headers of every page of the issuer: its own style and nothing else runs or loads, and nobody may frame it. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * @param action where the form is sent
 * @param name what stands in the field at first
 * @param fault why the last try did not pass
 */
export function signInPage(action: string, name: string, fault: string | null): string {
  return page(
    "Sign in to Limpet",
    `<h1>Sign in</h1>
<p>This issuer is part of the local environment: any name signs in, without a password.</p>
<form method="post" action="${escapeHtml(action)}">
<label for="name">Name</label>
<input id="name" name="name" value="${escapeHtml(name)}" maxlength="${maxNameLength}" required autofocus autocomplete="username" spellcheck="false">
<button>Sign in</button>
</form>
${fault === null ? "" : `<p role="alert">${escapeHtml(fault)}</p>`}
<small>For local use only. Another name is another person, with a shell of their own.</small>`,
  );
}

/** @param startAgain where a new try begins */
export function faultPage(sentence: string, startAgain: string): string {
  return page(
    "Sign-in did not work",
    `<h1>Sign-in did not work</h1>
<p>${escapeHtml(sentence)}</p>
<p><a href="${escapeHtml(startAgain)}">Start again</a></p>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style>${style}</style></head>
<body><main>
${body}
</main></body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
