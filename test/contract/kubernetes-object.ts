// Owns the shapes that tests read of what a Kubernetes API answers: pods, lists, events and Statuses in one.
// Must not know which server answers. Every field counts as there: a test that reads one which is not fails by that,
// and finds what it is for.

/** At least one, as far as the one who reads it claims. */
type Some<T> = readonly [T, ...T[]];

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

interface ContainerState {
  readonly waiting: { readonly reason: string; readonly message: string };
  readonly running: { readonly startedAt: string };
  readonly terminated: { readonly exitCode: number; readonly reason: string };
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

/** What went wrong in detail, in a Status (meta/v1). */
interface Details {
  readonly causes: Some<{ readonly reason: string; readonly message: string; readonly field: string }>;
}

/** How an exec ended, as its channel 3 says. */
export interface ExecStatus {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly details: Details;
}

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly continue: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly deletionTimestamp: string;
  };
  /** Of a pod. */
  readonly spec: { readonly nodeName: string };
  /** Of a pod; a Status says its own in `reason`, `message`, `code` and `details`. */
  readonly status: {
    readonly phase: string;
    readonly reason: string;
    readonly startTime: string;
    readonly conditions: Some<Condition>;
    readonly containerStatuses: Some<ContainerStatus>;
  };
  readonly items: readonly KubernetesObject[];
  readonly reason: string;
  readonly message: string;
  readonly code: number;
  readonly details: Details;
}

/** @throws Error where the text is no JSON object */
export function parseObject(text: string): KubernetesObject {
  const value: unknown = JSON.parse(text);
  if (!isObject<KubernetesObject>(value)) throw new Error(`not an object: ${text}`);
  return value;
}

/** @throws Error where the text is no JSON object */
export function parseExecStatus(text: string): ExecStatus {
  const value: unknown = JSON.parse(text);
  if (!isObject<ExecStatus>(value)) throw new Error(`not a Status: ${text}`);
  return value;
}

function isObject<T extends object>(value: unknown): value is T {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const watchTypes = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"] as const;

export interface WatchEvent {
  readonly type: (typeof watchTypes)[number];
  readonly object: KubernetesObject;
}

/** One line of a watch. @throws Error where it is no event */
export function parseWatchEvent(line: string): WatchEvent {
  const value: unknown = JSON.parse(line);
  if (!isObject<WatchEvent>(value) || !watchTypes.includes(value.type) || !isObject<KubernetesObject>(value.object)) {
    throw new Error(`no event of a watch: ${line}`);
  }
  return value;
}
