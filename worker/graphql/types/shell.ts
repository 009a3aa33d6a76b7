// Owns the shell as the API shows it, and the changes that a person can ask for.
// Must not know how a change is carried out.

import type { ShellPhase } from "../../../durable/protocol/messages.ts";
import { LimpetError } from "../../errors.ts";
import type { ShellResult, ShellView } from "../../shells/shell-object.ts";
import { builder } from "../builder.ts";

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

const shellType = builder.objectRef<ShellView>("Shell").implement({
  description: "A person's shell: the record of it, and what was last seen of its pod.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Random." }),
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
    expiresAt: t.field({
      type: "DateTime",
      description: "When it ends unless it is used before.",
      resolve: (shell) => new Date(shell.expiresAt),
    }),
    createdAt: t.field({
      type: "DateTime",
      description: "When it was first asked for.",
      resolve: (shell) => new Date(shell.createdAt),
    }),
  }),
});

builder.queryField("shell", (t) =>
  t.field({
    type: shellType,
    nullable: true,
    description: "The person's shell as it was last seen; null where they have none.",
    resolve: (_root, _args, context) => context.readShell(),
  }),
);

builder.mutationFields((t) => ({
  createShell: t.field({
    type: shellType,
    description: "Starts the person's shell. Where there is one already it is given back as it is.",
    resolve: async (_root, _args, { object, session }) => shellOf(await object.createShell(session.user.id)),
  }),
  rebootShell: t.field({
    type: shellType,
    description: "Creates the pod again where it is gone or has failed; otherwise changes nothing.",
    resolve: async (_root, _args, { object, session }) => shellOf(await object.rebootShell(session.user.id)),
  }),
  deleteShell: t.field({
    type: shellType,
    description: "Ends the person's shell in good order and forgets it.",
    resolve: async (_root, _args, { object, session }) => shellOf(await object.deleteShell(session.user.id)),
  }),
}));

/** @throws LimpetError with the object's own code and sentence */
function shellOf(result: ShellResult): ShellView {
  if (result.ok) return result.shell;
  throw new LimpetError(result.code, result.message);
}
