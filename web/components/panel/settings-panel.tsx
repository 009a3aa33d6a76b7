// Owns the settings of a shell as a whole: repository, clouds, saved work; asked at the first start, changed later.
// Must not know forms.

import { type JSX, Show } from "solid-js";
import type { App } from "../../state/app.ts";
import type { SidePanel } from "../side-panel.tsx";
import { CredentialsSection } from "./credentials-section.tsx";
import { PanelFrame } from "./panel-frame.tsx";
import { RepositorySection } from "./repository-section.tsx";
import { SavesSection } from "./saves-section.tsx";

export function SettingsPanel(props: { readonly app: App; readonly panel: SidePanel }): JSX.Element {
  void props.app.store.refresh();
  const welcome = () => props.panel.welcome();
  const settled = () => {
    const shell = props.app.store.shell();
    return shell !== null && (shell.gitUrl !== null || shell.secrets.size > 0);
  };
  return (
    <PanelFrame
      panel={props.panel}
      title={welcome() ? "Bring your work" : "Settings"}
      foot={
        <Show when={welcome()}>
          <footer class="panel-foot">
            <button type="button" class="button" classList={{ primary: settled() }} onClick={() => props.panel.close()}>
              {settled() ? "Done" : "Not now"}
            </button>
            <p>All of it can be given or changed later, in the menu under Settings.</p>
          </footer>
        </Show>
      }
    >
      <Show when={welcome()}>
        <p class="panel-lead">
          {props.app.store.shell()?.phase === "ready" ? "Your shell is ready." : "Your shell is on its way."} All of
          this is optional.
        </p>
      </Show>
      <Show when={props.app.store.shell()}>
        {(shell) => (
          <>
            <RepositorySection app={props.app} shell={shell()} />
            <CredentialsSection app={props.app} shell={shell()} />
            <Show when={!welcome()}>
              <SavesSection shell={shell()} />
            </Show>
          </>
        )}
      </Show>
    </PanelFrame>
  );
}
