// Owns the edge's process: configured over IPC, ends with its supervisor.
// Must not know what the edge is made of.

import { runPart } from "../start/part-child.ts";
import { startEdge } from "./edge.ts";
import { parseEdgeOptions } from "./options.ts";

runPart(async (configuration, control) => await startEdge(parseEdgeOptions(configuration), control));
