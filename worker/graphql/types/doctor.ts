// Owns `doctor`: the checks of an installation as they come, for administrators.
// Must not know the checks, nor how any of them is looked at.

import type { CheckReport } from "../../doctor/check.ts";
import { LimpetError } from "../../errors.ts";
import { log } from "../../log.ts";
import { builder } from "../builder.ts";

const stateType = builder.enumType("DoctorState", {
  description: "Where a check of the doctor's stands.",
  values: {
    RUNNING: { value: "running", description: "It is looked at." },
    OK: { value: "ok", description: "As it should be." },
    WARNING: { value: "warning", description: "It works, or may; somebody should look." },
    FAILED: { value: "failed", description: "It is wrong; `todo` says what to do." },
    SKIPPED: { value: "skipped", description: "Not looked at; `text` says why." },
  } as const satisfies Record<string, { value: CheckReport["state"]; description: string }>,
});

const checkType = builder.objectRef<CheckReport>("DoctorCheck").implement({
  description: "One link of the chain from the edge to the pod.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A stable word: `cluster-address`, `admission`, …" }),
    title: t.exposeString("title", { description: "The same for a person." }),
    state: t.expose("state", { type: stateType, description: "Where it stands." }),
    text: t.exposeString("text", { description: "What is right or wrong, one line; empty while it runs." }),
    todo: t.exposeString("todo", { nullable: true, description: "What to do, one line; null where there is nothing." }),
    ms: t.exposeInt("ms", { description: "How long it took, or takes so far, in milliseconds." }),
  }),
});

builder.subscriptionType({ description: "What is told as it comes, by server-sent events." });

builder.subscriptionField("doctor", (t) =>
  t.field({
    type: checkType,
    description:
      "Looks at each link of the chain from the edge to the pod, with a pod of its own, and tells each check as it begins, again every few seconds while it lasts, and as it is over. For administrators only (`FORBIDDEN`), one run at a time (`TOO_MANY_REQUESTS`). Who stops listening ends it.",
    args: {
      repository: t.arg.string({ description: "A repository whose host shells must reach; nothing of it is cloned." }),
    },
    subscribe: (_root, { repository }, { beginDoctor, requestId, session }) => {
      if (!session.administrator) {
        throw new LimpetError(
          "FORBIDDEN",
          "Only administrators may look at this. If you have just become one, sign out and in again.",
        );
      }
      log("info", "doctor-asked", { requestId, user: session.user.id });
      return beginDoctor(repository ?? null);
    },
    resolve: (report) => report,
  }),
);
