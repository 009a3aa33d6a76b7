// Owns the start of the page.
// Must not know anything else.

import { render } from "solid-js/web";
import { AppView } from "./components/app-view.tsx";
import { createApp } from "./state/app.ts";

const root = document.querySelector("#limpet");
if (root === null) throw new Error("index.html has no #limpet");
render(() => {
  const app = createApp();
  void app.load();
  return <AppView app={app} />;
}, root);
