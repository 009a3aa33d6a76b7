// Owns one person's Durable Object: the platform's events go in to the lifecycle and the bridge, their effects come out.
// Must not know the rules of either, nor any route.

import { DurableObject } from "cloudflare:workers";
import { configOf } from "../worker/config.ts";
import { openDatabase } from "../worker/db/database.ts";
import { ClusterClient } from "../worker/kubernetes/request.ts";
import { describeError, log } from "../worker/log.ts";
import { ShellLifecycle } from "../worker/shells/lifecycle.ts";
import { clusterSettings } from "../worker/shells/settings.ts";
import type { ShellCounters, ShellObject, ShellResult } from "../worker/shells/shell-object.ts";
import { podNameOf, type ShellRecord } from "../worker/shells/shell-record.ts";
import type { PodActivity, Receipt, SettingsChange, SetupChange } from "../worker/shells/shell-setup.ts";
import { lifecycleWorld } from "../worker/shells/world.ts";
import { Bridge } from "./bridge/bridge.ts";
import type { BridgeEffect, ExecWish, SocketKey } from "./bridge/effects.ts";
import { Deadlines } from "./io/deadlines.ts";
import { ExecLink } from "./io/exec-link.ts";
import { ExpiryWarnings, expiryWarning, type ShellEnd } from "./io/expiry-warnings.ts";
import { SessionWatch } from "./io/session-watch.ts";
import { BrowserSockets, refuseSocket, upgraded } from "./io/sockets.ts";
import { parseUpgrade } from "./io/upgrade.ts";
import { ControlMultiplexer } from "./multiplexer/control.ts";
import type { Multiplexer } from "./multiplexer/multiplexer.ts";
import { PlainMultiplexer } from "./multiplexer/plain.ts";
import { closeCode } from "./protocol/close-codes.ts";

/** While sockets are open and the object is awake: how often sessions and the pod are looked at, in milliseconds. */
const checkEveryMs = 30_000;
/** After a D1 that did not answer, in milliseconds. */
const retryMs = 2_000;
/** Where the person's id is kept: the object's own id does not tell it. */
const userKey = "user";

type DeadlineName = "lifecycle" | "bridge" | "sessions" | "check" | "wake" | "expiry";

export class UserShell extends DurableObject<Env> implements ShellObject {
  readonly #sockets: BrowserSockets;
  readonly #sessions: SessionWatch;
  readonly #bridge: Bridge;
  readonly #deadlines: Deadlines<DeadlineName>;
  #expiryWarnings: ExpiryWarnings | null = null;
  /** When the shell ends unless it is used, and how far that can be moved; null: no end is set. */
  #end: ShellEnd | null = null;
  #userId: string | null;
  #lifecycle: ShellLifecycle | null = null;
  #cluster: ClusterClient | null = null;
  #exec: ExecLink | null = null;
  /** Said by the bridge and not carried out yet. */
  readonly #effects: BridgeEffect[] = [];
  #running = false;
  #checkAtMs: number | null = null;
  /** D1 did not say which sessions are good: it is asked again, even where the object could sleep. */
  #checkFailed = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sockets = new BrowserSockets(ctx);
    this.#sessions = new SessionWatch(this.#sockets, openDatabase(env), (socket) => this.#signedOut(socket));
    this.#bridge = new Bridge({ random: randomHex, multiplexer: makeMultiplexer });
    this.#deadlines = new Deadlines(ctx.storage, Date.now, (name) => this.#due(name));
    const user: unknown = ctx.storage.kv.get(userKey);
    this.#userId = typeof user === "string" ? user : null;
    ctx.blockConcurrencyWhile(() => this.#deadlines.restore());
    const held = this.#sockets.restore(closeCode.again);
    for (const { key, owner, kept } of held) {
      this.#run(this.#bridge.socketRestored(key, owner, kept, Date.now()));
    }
    if (held.length > 0) {
      this.#inBackground("wake", this.#wake());
      this.#inBackground("check", this.#check());
    }
  }

  override async fetch(request: Request): Promise<Response> {
    const upgrade = parseUpgrade(request.headers);
    if (!upgrade.ok) return refuseSocket(upgrade.code, upgrade.reason, upgrade.protocol);
    const record = await this.#shellOf(upgrade.userId).record();
    if (record === null)
      return refuseSocket(closeCode.noShell, "there is no shell: create one first", upgrade.protocol);
    const { 0: client, 1: server } = new WebSocketPair();
    const socket = this.#sockets.accept(server, upgrade.owner);
    this.#tell(record);
    this.#run(this.#bridge.socketOpened(socket, upgrade.owner, Date.now()));
    // Somebody is here now: a pod that was lost while nobody was is made anew.
    if (record.desired === "present" && record.phase !== "ready") this.#lookAtPod();
    this.#settle();
    return upgraded(client, upgrade.protocol);
  }

  async createShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).want("any");
  }

  async rebootShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).want("existing");
  }

  async deleteShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).end("deleted");
  }

  async stopShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).end("stopped");
  }

  async restartShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).restart();
  }

  async extendShell(userId: string): Promise<ShellResult> {
    return this.#shellOf(userId).extend();
  }

  async updateShell(userId: string, change: SettingsChange): Promise<ShellResult> {
    return this.#shellOf(userId).settings(change);
  }

  async setupShell(userId: string, change: SetupChange): Promise<ShellResult> {
    return this.#shellOf(userId).setUp(change);
  }

  async saved(userId: string, shellId: string, receipt: Receipt): Promise<void> {
    await this.#shellOf(userId).saved(shellId, receipt);
  }

  async active(userId: string, shellId: string, activity: PodActivity): Promise<void> {
    await this.#shellOf(userId).active(shellId, activity);
  }

  async sweep(userId: string): Promise<void> {
    await this.#shellOf(userId).sweep();
  }

  async endSession(sessionId: string): Promise<void> {
    this.#sessions.revoke(sessionId);
    this.#settle();
  }

  async counters(): Promise<ShellCounters> {
    return { ...this.#bridge.counters() };
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const key = this.#sockets.keyOf(socket);
    if (key === undefined) return;
    const data = typeof message === "string" ? message : new Uint8Array(message);
    this.#run(this.#bridge.socketMessage(key, data, Date.now()));
    this.#settle();
  }

  override webSocketClose(socket: WebSocket): void {
    const key = this.#sockets.keyOf(socket);
    if (key === undefined) return;
    this.#sockets.close(key, 1000, "");
    this.#run(this.#bridge.socketClosed(key, Date.now()));
    this.#settle();
  }

  override webSocketError(socket: WebSocket): void {
    this.webSocketClose(socket);
  }

  /**
   * The platform's alarm: everything that keeps a time looks at it. It may come too early. It never fails: the platform
   * gives an alarm up after a few tries, while what D1 kept from being done is tried again until it is.
   */
  override async alarm(): Promise<void> {
    this.#deadlines.alarmed();
    this.#run(this.#bridge.tick(Date.now()));
    const shell = this.#userId === null ? Promise.resolve() : this.#tickShell(this.#userId);
    await Promise.all([this.#logged("lifecycle", shell), this.#logged("check", this.#check())]);
  }

  /** After hibernation: what the sockets' people may have missed is looked up. */
  async #wake(): Promise<void> {
    if (this.#userId === null) return;
    const shell = this.#shellOf(this.#userId);
    try {
      this.#tell(await shell.record());
      await shell.look();
    } catch (error) {
      // Until the record is read nobody here knows whether there is a pod to attach to.
      this.#deadlines.set("wake", Date.now() + retryMs, false);
      throw error;
    }
  }

  async #check(): Promise<void> {
    this.#sessions.expire(Date.now());
    try {
      await this.#sessions.check(Date.now());
      this.#checkFailed = false;
    } catch (error) {
      this.#checkFailed = true;
      this.#checkAtMs = Date.now() + retryMs;
      throw error;
    } finally {
      this.#settle();
    }
  }

  #due(name: DeadlineName): void {
    switch (name) {
      case "lifecycle":
        if (this.#userId !== null) this.#inBackground(name, this.#tickShell(this.#userId));
        break;
      case "bridge":
        this.#run(this.#bridge.tick(Date.now()));
        break;
      case "sessions":
        this.#sessions.expire(Date.now());
        break;
      case "check":
        this.#checkAtMs = null;
        this.#inBackground(name, this.#check());
        this.#lookAtPod();
        break;
      case "wake":
        this.#inBackground(name, this.#wake());
        break;
      case "expiry":
        this.#warn();
        break;
    }
    this.#settle();
  }

  async #tickShell(userId: string): Promise<void> {
    try {
      await this.#shellOf(userId).tick();
    } catch (error) {
      this.#deadlines.set("lifecycle", Date.now() + retryMs, true);
      throw error;
    }
  }

  #lookAtPod(): void {
    if (this.#userId !== null) this.#inBackground("look", this.#shellOf(this.#userId).look());
  }

  /** This object's person's shell. An object is one person's for ever. */
  #shellOf(userId: string): ShellLifecycle {
    if (this.#userId !== null && this.#userId !== userId) throw new Error("this object is another person's");
    if (this.#userId === null) {
      this.ctx.storage.kv.put(userKey, userId);
      this.#userId = userId;
    }
    this.#lifecycle ??= new ShellLifecycle(
      lifecycleWorld(this.env, configOf(this.env), this.#clusterOf(userId), {
        userId,
        attended: () => this.#sockets.size > 0,
        changed: (record) => this.#tell(record),
        notice: (code, text) => this.#hear(this.#bridge.notice(code, text, Date.now())),
        touched: (what) => this.#hear(this.#bridge.changed(what, Date.now())),
        wake: (atMs) => this.#deadlines.set("lifecycle", atMs, true),
      }),
    );
    return this.#lifecycle;
  }

  #clusterOf(userId: string): ClusterClient {
    this.#cluster ??= new ClusterClient(clusterSettings(configOf(this.env)), `limpet:${userId}`, Date.now);
    return this.#cluster;
  }

  #tell(record: ShellRecord | null): void {
    const { phase, reason, detail, expiresAt } = record ?? gone;
    const extendableUntil = record === null ? null : record.startedAt + configOf(this.env).shellLifeMs;
    this.#end =
      record?.desired === "present" && extendableUntil !== null
        ? { expiresAt: record.expiresAt, extendableUntil }
        : null;
    this.#deadlines.set("expiry", this.#warnings.next(this.#end?.expiresAt ?? null, Date.now()), true);
    this.#hear(this.#bridge.shell({ phase, reason, detail, expiresAt, extendableUntil }, Date.now()));
  }

  /** Not in the constructor: an installation whose settings are broken says so to who asks. */
  get #warnings(): ExpiryWarnings {
    this.#expiryWarnings ??= new ExpiryWarnings(this.ctx.storage.kv, configOf(this.env).warnMs);
    return this.#expiryWarnings;
  }

  #warn(): void {
    const now = Date.now();
    if (this.#end === null) return;
    const { expiresAt } = this.#end;
    if (this.#warnings.take(expiresAt, now)) {
      this.#hear(this.#bridge.warn("EXPIRES_SOON", expiryWarning(this.#end, now), now));
    }
    this.#deadlines.set("expiry", this.#warnings.next(expiresAt, now), true);
  }

  #hear(effects: readonly BridgeEffect[]): void {
    this.#run(effects);
    this.#settle();
  }

  #signedOut(socket: SocketKey): void {
    this.#sockets.close(socket, closeCode.signIn, "sign in again");
    this.#run(this.#bridge.socketClosed(socket, Date.now()));
  }

  /** In order, also where carrying one out is itself an event: a send that fails ends its exec at once. */
  #run(effects: readonly BridgeEffect[]): void {
    this.#effects.push(...effects);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#effects.shift(); next !== undefined; next = this.#effects.shift()) this.#carryOut(next);
    } finally {
      this.#running = false;
    }
  }

  #carryOut(effect: BridgeEffect): void {
    switch (effect.type) {
      case "send":
        this.#sockets.send(effect.socket, effect.data);
        break;
      case "close":
        this.#sockets.close(effect.socket, effect.code, effect.reason);
        break;
      case "keep":
        this.#sockets.keep(effect.socket, effect.attachment);
        break;
      case "exec-open":
        this.#openExec(effect.mode);
        break;
      case "exec-send":
        this.#exec?.send(effect.data);
        break;
      case "exec-close":
        this.#exec?.close();
        this.#exec = null;
        break;
      case "observe-pod":
        this.#lookAtPod();
        break;
      case "activity":
        if (this.#userId !== null) this.#inBackground("activity", this.#shellOf(this.#userId).used());
        break;
      case "log":
        log(effect.level, effect.event, effect.fields);
        break;
    }
  }

  #openExec(mode: "control" | "plain"): void {
    if (this.#userId === null) throw new Error("an exec without a person");
    this.#exec?.close();
    const bridge = this.#bridge;
    const heard = (effects: readonly BridgeEffect[]) => this.#hear(effects);
    this.#exec = new ExecLink(this.#clusterOf(this.#userId), podNameOf(this.#userId), mode, {
      opened: (protocol) => heard(bridge.execOpened(protocol, Date.now())),
      message: (data) => heard(bridge.execMessage(data, Date.now())),
      closed: (end) => heard(bridge.execClosed(end, Date.now())),
      refused: (why) => heard(bridge.execRefused(why, Date.now())),
    });
  }

  /** After every event: the clockwork follows. An object that may sleep keeps no timer, only the alarm. */
  #settle(): void {
    const mayRest = this.#bridge.canHibernate();
    this.#deadlines.set("bridge", this.#bridge.nextDeadline(), mayRest);
    this.#deadlines.set("sessions", this.#sessions.nextExpiryMs(), true);
    if (this.#sockets.size === 0 || (mayRest && !this.#checkFailed)) this.#checkAtMs = null;
    else this.#checkAtMs ??= Date.now() + checkEveryMs;
    this.#deadlines.set("check", this.#checkAtMs, false);
  }

  #inBackground(what: string, work: Promise<unknown>): void {
    this.ctx.waitUntil(this.#logged(what, work));
  }

  async #logged(what: string, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      log("error", what, describeError(error));
    }
  }
}

const gone = { phase: "absent", reason: null, detail: null, expiresAt: null } as const;

/** 128 random bits as 32 hex digits. */
function randomHex(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function makeMultiplexer({ mode, ...size }: ExecWish): Multiplexer {
  return mode === "control" ? new ControlMultiplexer({ random: randomHex }) : new PlainMultiplexer(size);
}
