// Owns the shell as the API shows it.
// Must not know how it is changed.

import type { ShellPhase } from "../../../durable/protocol/messages.ts";
import { findMissing } from "../../shells/missing.ts";
import type { ShellView } from "../../shells/shell-object.ts";
import { builder } from "../builder.ts";
import type { ApiContext, OwnedShell } from "../context.ts";
import { personType } from "./person.ts";
import { cloudProviderType, gitSignInType, keptSecretType, missingThingType, setupCheckType } from "./set-up.ts";
import { snapshotType } from "./snapshot.ts";

const phaseType = builder.enumType("ShellPhase", {
  description: "How far a shell has got.",
  values: {
    ABSENT: { value: "absent", description: "There is no pod, and none is wanted." },
    CREATING: { value: "creating", description: "The cluster has been asked for the pod." },
    SCHEDULING: { value: "scheduling", description: "The pod waits for a machine." },
    STARTING: {
      value: "starting",
      description: "The pod has a machine; its image and container are being made ready.",
    },
    SETTING_UP: { value: "setting-up", description: "The container runs and is being set up." },
    READY: { value: "ready", description: "The shell can be used." },
    STOPPING: { value: "stopping", description: "The pod has been told to end and is ending in good order." },
    FAILED: {
      value: "failed",
      description: "The shell could not be started or has broken down; `reason` and `detail` say why.",
    },
  } as const satisfies Record<string, { value: ShellPhase; description: string }>,
});

const statusType = builder.objectRef<ShellView["status"]>("ShellStatus").implement({
  description: "The conditions of the pod, as Kubernetes last gave them.",
  fields: (t) => ({
    initialized: t.exposeBoolean("initialized", { description: "Kubernetes' `Initialized`." }),
    podScheduled: t.exposeBoolean("podScheduled", { description: "Kubernetes' `PodScheduled`: it has a machine." }),
    containersReady: t.exposeBoolean("containersReady", { description: "Kubernetes' `ContainersReady`." }),
    ready: t.exposeBoolean("ready", { description: "Kubernetes' `Ready`." }),
  }),
});

export const shellType = builder.objectRef<OwnedShell>("Shell").implement({
  description: "A person's shell: the record of it, and what was last seen of its pod.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Random; kept while the shell is stopped, and started again." }),
    owner: t.expose("owner", { type: personType, description: "Whose it is." }),
    podName: t.exposeString("podName", {
      description: "The pod's name in the cluster; the same for each of a person's pods.",
    }),
    phase: t.expose("phase", { type: phaseType, description: "How far it has got." }),
    reason: t.exposeString("reason", {
      nullable: true,
      description:
        "Why it stands where it stands, in one word of Kubernetes' or of Limpet's (`Unschedulable`, `ImagePullBackOff`, …).",
    }),
    detail: t.exposeString("detail", { nullable: true, description: "The same in a sentence for a person." }),
    alive: t.exposeBoolean("alive", { description: "True where a terminal can be opened on it now." }),
    status: t.expose("status", { type: statusType, description: "The conditions of its pod." }),
    provider: t.expose("provider", {
      type: cloudProviderType,
      nullable: true,
      description: "The cloud that it is for; null where none was chosen.",
    }),
    gitUrl: t.exposeString("gitUrl", {
      nullable: true,
      description: "The repository that it clones: https or ssh; null where none was given.",
    }),
    gitBranch: t.exposeString("gitBranch", {
      nullable: true,
      description: "The branch that is checked out in a new clone; null: the repository's own default.",
    }),
    gitSignIn: t.expose("gitSignIn", {
      type: gitSignInType,
      nullable: true,
      description: "How it signs in to the repository; null: not at all (a public one).",
    }),
    gitPublicKey: t.exposeString("gitPublicKey", {
      nullable: true,
      description:
        "The public half of the key for the repository, one line as OpenSSH writes it: for the forge's page.",
    }),
    workspace: t.exposeString("workspace", {
      nullable: true,
      description: "The repository's folder below the home; null: named as the repository is.",
    }),
    saveUpstream: t.boolean({
      description:
        "Whether work in progress is pushed to the repository, below `refs/limpet/wip/`: who can read the repository can read it then. False where the installation does not allow it.",
      resolve: ({ saveUpstream }, _args, { maySaveUpstream }) => saveUpstream && maySaveUpstream,
    }),
    missing: t.field({
      type: [missingThingType],
      description:
        "What is still needed before the shell is of full use, in words a person can act on; empty: nothing.",
      resolve: async (shell, _args, context) => findMissing(shell, await ownSecrets(shell, context)),
    }),
    setup: t.field({
      type: [setupCheckType],
      description: "What the last set-up said, step by step; empty until there was one.",
      resolve: ({ setup }) => [...setup],
    }),
    setupPending: t.exposeBoolean("setupPending", {
      description: "True while what was given last has not been carried into the pod yet.",
    }),
    secrets: t.field({
      type: [keptSecretType],
      nullable: true,
      description: "Which secrets are kept for it, never what they are; null in somebody else's shell.",
      resolve: (shell, _args, context) => ownSecrets(shell, context),
    }),
    snapshots: t.field({
      type: [snapshotType],
      nullable: true,
      description: "The saved homes that are still kept, newest first; null in somebody else's shell.",
      resolve: async (shell, _args, context) =>
        isOwn(shell, context) ? [...(await context.listSnapshots(shell.id))] : null,
    }),
    expiresAt: t.field({
      type: "DateTime",
      description: "When it ends unless it is used before.",
      resolve: (shell) => new Date(shell.expiresAt),
    }),
    extendableUntil: t.field({
      type: "DateTime",
      description: "`extendShell` and use cannot move `expiresAt` beyond this: the longest life of its pod.",
      resolve: (shell) => new Date(shell.extendableUntil),
    }),
    lastSavedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When its work was last saved: what comes back after a loss without warning is as old as this.",
      resolve: ({ lastSavedAt }) => (lastSavedAt === null ? null : new Date(lastSavedAt)),
    }),
    createdAt: t.field({
      type: "DateTime",
      description: "When it was first asked for.",
      resolve: (shell) => new Date(shell.createdAt),
    }),
  }),
});

function isOwn(shell: OwnedShell, { session }: ApiContext): boolean {
  return shell.owner.id === session.user.id;
}

async function ownSecrets(shell: OwnedShell, context: ApiContext) {
  return isOwn(shell, context) ? [...(await context.listSecrets())] : null;
}

builder.queryField("shell", (t) =>
  t.field({
    type: shellType,
    nullable: true,
    description: "The person's shell as it was last seen; null where they have none.",
    resolve: async (_root, _args, { readShell, session }) => {
      const shell = await readShell();
      return shell === null ? null : { ...shell, owner: session.user };
    },
  }),
);
