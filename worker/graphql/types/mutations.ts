// Owns the changes that a person can ask for: checked, then handed to their object.
// Must not know how a change is carried out.

import { LimpetError } from "../../errors.ts";
import type { Checked } from "../../shells/checked.ts";
import type { ShellResult } from "../../shells/shell-object.ts";
import { checkSettings, checkSetup } from "../../shells/validate-setup.ts";
import { builder } from "../builder.ts";
import type { ApiContext, OwnedShell } from "../context.ts";
import { settingsOf, setupOf } from "./changes.ts";
import { setupShellInput, updateShellInput } from "./inputs.ts";
import { shellType } from "./shell.ts";

builder.mutationFields((t) => ({
  createShell: t.field({
    type: shellType,
    description:
      "Starts the person's shell: a new one, or the one that was stopped, with its id and its work. Where it runs already it is given back as it is.",
    resolve: async (_root, _args, context) => owned(await context.object.createShell(context.session.user.id), context),
  }),
  updateShell: t.field({
    type: shellType,
    description: "Changes settings that are no secrets. They are carried into a running pod at once.",
    args: { input: t.arg({ type: updateShellInput, required: true, description: "What to change." }) },
    resolve: async (_root, { input }, context) => {
      const change = passed(checkSettings(settingsOf(input)));
      if (input.saveUpstream === true && !context.maySaveUpstream) {
        throw new LimpetError(
          "SAVE_OFF",
          "This installation does not push work in progress to repositories; it is saved at the edge instead. Leave this off, or ask the people who run it.",
        );
      }
      return owned(await context.object.updateShell(context.session.user.id, change), context);
    },
  }),
  setupShell: t.field({
    type: shellType,
    description:
      "Gives, replaces or removes the repository, the sign-in to it and cloud credentials. They are kept sealed, carried into a running pod at once and checked there: `setup` and `missing` say what came of it.",
    args: { input: t.arg({ type: setupShellInput, required: true, description: "What to give or remove." }) },
    resolve: async (_root, { input }, context) => {
      const present = (await context.readShell()) ?? { gitUrl: null, gitSignIn: null };
      const change = passed(await checkSetup(setupOf(input), present, context.local));
      return owned(await context.object.setupShell(context.session.user.id, change), context);
    },
  }),
  rebootShell: t.field({
    type: shellType,
    description: "Creates the pod again where it is gone or has failed; otherwise changes nothing.",
    resolve: async (_root, _args, context) => owned(await context.object.rebootShell(context.session.user.id), context),
  }),
  restartShell: t.field({
    type: shellType,
    description:
      "Ends the pod in good order, its work saved, and starts a new one in its place with the work put back.",
    resolve: async (_root, _args, context) =>
      owned(await context.object.restartShell(context.session.user.id), context),
  }),
  stopShell: t.field({
    type: shellType,
    description:
      "Ends the pod in good order. The shell's record, secrets and saves stay: `createShell` starts it again.",
    resolve: async (_root, _args, context) => owned(await context.object.stopShell(context.session.user.id), context),
  }),
  extendShell: t.field({
    type: shellType,
    description: "Moves `expiresAt` away, at most to `extendableUntil` (`NOT_EXTENDABLE`, `NOT_RUNNING`).",
    resolve: async (_root, _args, context) => owned(await context.object.extendShell(context.session.user.id), context),
  }),
  deleteShell: t.field({
    type: shellType,
    description: "Ends the person's shell in good order and forgets it, its secrets and its saves.",
    resolve: async (_root, _args, context) => owned(await context.object.deleteShell(context.session.user.id), context),
  }),
}));

/** @throws LimpetError with what is wrong in what was given */
function passed<T>(checked: Checked<T>): T {
  if (checked.ok) return checked.value;
  throw new LimpetError(checked.code, checked.message);
}

/** @throws LimpetError with the object's own code and sentence */
function owned(result: ShellResult, { session }: ApiContext): OwnedShell {
  if (result.ok) return { ...result.shell, owner: session.user };
  throw new LimpetError(result.code, result.message);
}
