// Owns the way from a text frame to a message of limpet.v1, in both directions.
// Must not know what a message causes; sizes of frames are counted by whoever receives them.

import {
  FieldError,
  type Fields,
  isFields,
  readArray,
  readBoolean,
  readColour,
  readFields,
  readFlag,
  readInteger,
  readNullable,
  readOffset,
  readOneOf,
  readPaneId,
  readPhase,
  readRole,
  readStreamId,
  readString,
  readViewerId,
  readWindowId,
} from "./fields.ts";
import { maxChannel, maxHelloPanes, maxPasteBytes, maxPastePieceBytes, maxWindowName } from "./limits.ts";
import {
  type ClientMessage,
  type Colours,
  changes,
  type HeldPane,
  type Hello,
  linkStates,
  type PaneStart,
  type ServerMessage,
  type WindowChange,
  type WindowInfo,
} from "./messages.ts";
import { utf8Length } from "./utf8.ts";

/** Why a text frame is no message: `type` as it claims to be (`null`: not even that), the field and the rule it broke. */
export interface ParseError {
  readonly type: string | null;
  readonly field: string;
  readonly rule: string;
}

/** `message` is `null` for a type that this version does not know: ignore it ([P3]). */
export type Parsed<T> =
  | { readonly ok: true; readonly message: T | null }
  | { readonly ok: false; readonly error: ParseError };

/** A sentence for a close reason: at most 123 bytes, as RFC 6455 allows, since all of its parts are ours. */
export function describeParseError(error: ParseError): string {
  const what = error.field === "" ? "frame" : error.field;
  return `${error.type ?? "text"}: ${what} must be ${error.rule}`.slice(0, 120);
}

export function parseClientMessage(text: string): Parsed<ClientMessage> {
  return parse(text, readClientMessage, clientTypes);
}

export function parseServerMessage(text: string): Parsed<ServerMessage> {
  return parse(text, readServerMessage, serverTypes);
}

function parse<T>(
  text: string,
  read: (type: string, fields: Fields) => T | null,
  known: ReadonlySet<string>,
): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: { type: null, field: "", rule: "JSON" } };
  }
  if (!isFields(value)) return { ok: false, error: { type: null, field: "", rule: "a JSON object" } };
  const type = value["type"];
  if (typeof type !== "string") return { ok: false, error: { type: null, field: "type", rule: "a string" } };
  if (!known.has(type)) return { ok: true, message: null };
  try {
    return { ok: true, message: read(type, value) };
  } catch (error) {
    if (error instanceof FieldError) return { ok: false, error: { type, field: error.field, rule: error.rule } };
    throw error;
  }
}

const clientTypes: ReadonlySet<string> = new Set<ClientMessage["type"]>([
  "hello",
  "resize",
  "ack",
  "focus",
  "colours",
  "open",
  "shut",
  "window",
  "paste",
]);

const serverTypes: ReadonlySet<string> = new Set<ServerMessage["type"]>([
  "welcome",
  "pane",
  "ack",
  "windows",
  "size",
  "gone",
  "status",
  "viewers",
  "expiry",
  "changed",
  "notice",
  "exit",
]);

/** Bounds of the numbers alone; whether a size is one that is used, the bridge decides ([P24]). */
const readSide = (value: unknown, field: string) => readInteger(value, field, 0, 65_535);
const readChannel = (value: unknown, field: string) => readInteger(value, field, 0, maxChannel);
const readText = (value: unknown, field: string) => readString(value, field, 65_536);

function readClientMessage(type: string, fields: Fields): ClientMessage | null {
  switch (type) {
    case "hello":
      return readHello(fields);
    case "resize":
      return {
        type,
        cols: readSide(fields["cols"], "cols"),
        rows: readSide(fields["rows"], "rows"),
        ...(readFlag(fields["fit"], "fit") ? { fit: true } : {}),
      };
    case "ack":
      return {
        type,
        channel: readChannel(fields["channel"], "channel"),
        stream: readStreamId(fields["stream"], "stream"),
        output: readOffset(fields["output"], "output"),
        ...(fields["picture"] === undefined ? {} : { picture: readOffset(fields["picture"], "picture") }),
      };
    case "focus":
      return { type, visible: readBoolean(fields["visible"], "visible") };
    case "colours":
      return { type, ...readColours(fields, "") };
    case "open":
      return { type, pane: readPaneId(fields["pane"], "pane") };
    case "shut":
      return { type, channel: readChannel(fields["channel"], "channel") };
    case "window":
      return readWindowChange(fields);
    case "paste":
      return {
        type,
        channel: readChannel(fields["channel"], "channel"),
        id: readOffset(fields["id"], "id"),
        seq: readInteger(fields["seq"], "seq", 0, maxPasteBytes),
        last: readBoolean(fields["last"], "last"),
        text: readPasteText(fields["text"], "text"),
      };
    default:
      return null;
  }
}

function readHello(fields: Fields): Hello {
  const panes = readArray(fields["panes"], "panes", maxHelloPanes).map((entry, index) => {
    const field = `panes[${index}]`;
    const held = readFields(entry, field);
    return {
      pane: readPaneId(held["pane"], `${field}.pane`),
      stream: readStreamId(held["stream"], `${field}.stream`),
      output: readOffset(held["output"], `${field}.output`),
    } satisfies HeldPane;
  });
  if (new Set(panes.map((held) => held.pane)).size !== panes.length) throw new FieldError("panes", "each pane once");
  const hello: Hello = {
    type: "hello",
    viewer: readViewerId(fields["viewer"], "viewer"),
    cols: readSide(fields["cols"], "cols"),
    rows: readSide(fields["rows"], "rows"),
    panes,
    ...(readFlag(fields["leads"], "leads") ? { leads: true } : {}),
  };
  if (fields["colours"] === undefined) return hello;
  return { ...hello, colours: readColours(readFields(fields["colours"], "colours"), "colours.") };
}

function readColours(fields: Fields, prefix: string): Colours {
  return {
    foreground: readColour(fields["foreground"], `${prefix}foreground`),
    background: readColour(fields["background"], `${prefix}background`),
  };
}

function readWindowChange(fields: Fields): WindowChange | null {
  const type = "window";
  const wish = readString(fields["do"], "do", 64);
  switch (wish) {
    case "new":
      return { type, do: wish };
    case "select":
    case "close":
      return { type, do: wish, window: readWindowId(fields["window"], "window") };
    case "rename":
      return {
        type,
        do: wish,
        window: readWindowId(fields["window"], "window"),
        name: readString(fields["name"], "name", maxWindowName),
      };
    default:
      return null;
  }
}

function readPasteText(value: unknown, field: string): string {
  if (typeof value === "string" && utf8Length(value) <= maxPastePieceBytes) return value;
  throw new FieldError(field, `a string of at most ${maxPastePieceBytes} bytes`);
}

function readServerMessage(type: string, fields: Fields): ServerMessage | null {
  switch (type) {
    case "welcome":
      return { type, role: readRole(fields["role"], "role"), windows: readWindows(fields["windows"]) };
    case "windows":
      return { type, windows: readWindows(fields["windows"]) };
    case "pane":
      return readPaneStart(fields);
    case "ack":
      return {
        type,
        channel: readChannel(fields["channel"], "channel"),
        input: readOffset(fields["input"], "input"),
      };
    case "size":
      return {
        type,
        channel: readChannel(fields["channel"], "channel"),
        stream: readStreamId(fields["stream"], "stream"),
        output: readOffset(fields["output"], "output"),
        cols: readSide(fields["cols"], "cols"),
        rows: readSide(fields["rows"], "rows"),
      };
    case "gone":
      return { type, channel: readChannel(fields["channel"], "channel") };
    case "status":
      return {
        type,
        phase: readPhase(fields["phase"], "phase"),
        reason: readNullable(fields["reason"], "reason", readText),
        detail: readNullable(fields["detail"], "detail", readText),
        link: readOneOf(fields["link"], "link", linkStates),
      };
    case "viewers":
      return { type, count: readOffset(fields["count"], "count"), leader: readBoolean(fields["leader"], "leader") };
    case "expiry":
      return {
        type,
        at: readNullable(fields["at"], "at", readOffset),
        until: readNullable(fields["until"], "until", readOffset),
        now: readOffset(fields["now"], "now"),
      };
    case "changed":
      return { type, what: readOneOf(fields["what"], "what", changes) };
    case "notice":
      return { type, code: readString(fields["code"], "code", 64), text: readText(fields["text"], "text") };
    case "exit":
      return { type, code: readNullable(fields["code"], "code", (code, field) => readInteger(code, field, 0, 255)) };
    default:
      return null;
  }
}

function readPaneStart(fields: Fields): PaneStart {
  return {
    type: "pane",
    channel: readChannel(fields["channel"], "channel"),
    pane: readPaneId(fields["pane"], "pane"),
    stream: readStreamId(fields["stream"], "stream"),
    output: readOffset(fields["output"], "output"),
    resumed: readBoolean(fields["resumed"], "resumed"),
    snapshot: readOffset(fields["snapshot"], "snapshot"),
    ...(readFlag(fields["picture"], "picture") ? { picture: true } : {}),
    ...(fields["input"] === undefined ? {} : { input: readNullable(fields["input"], "input", readOffset) }),
    cols: readSide(fields["cols"], "cols"),
    rows: readSide(fields["rows"], "rows"),
  };
}

/** A guard against nonsense, not a rule for people: tmux itself has no bound on its windows. */
const mostWindows = 4_096;

function readWindows(value: unknown): readonly WindowInfo[] {
  return readArray(value, "windows", mostWindows).map((entry, index) => {
    const field = `windows[${index}]`;
    const window = readFields(entry, field);
    return {
      id: readWindowId(window["id"], `${field}.id`),
      name: readText(window["name"], `${field}.name`),
      active: readBoolean(window["active"], `${field}.active`),
      bell: readBoolean(window["bell"], `${field}.bell`),
      activity: readBoolean(window["activity"], `${field}.activity`),
      title: readText(window["title"], `${field}.title`),
      command: readText(window["command"], `${field}.command`),
      path: readText(window["path"], `${field}.path`),
      panes: readArray(window["panes"], `${field}.panes`, mostWindows).map((pane, at) =>
        readPaneId(pane, `${field}.panes[${at}]`),
      ),
    };
  });
}
