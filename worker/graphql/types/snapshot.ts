// Owns `Snapshot`: a saved home that its owner can download.
// Must not know where its bytes lie or how they are sealed.

import type { KeptSnapshot } from "../../db/kept.ts";
import { builder } from "../builder.ts";

export const snapshotType = builder.objectRef<KeptSnapshot>("Snapshot").implement({
  description: "A home as it was saved: dotfiles, history, files outside repositories, ignored files that matter.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "Sorts by time." }),
    bytes: t.exposeInt("bytes", { description: "Length of the download, compressed." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was saved." }),
    downloadUrl: t.string({
      description: "Gives the snapshot as a .tar.gz to its owner's browser (the session cookie is needed).",
      resolve: ({ id }, _args, { publicUrl }) => `${publicUrl}/api/shell/snapshots/${id}`,
    }),
  }),
});
