/** Raised with every change of a message's meaning; both processes must have the same one. */
export const PROTOCOL_VERSION = 3;

/** Bytes of one message, its header counted, in both directions. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

export const MAX_TEXTS_PER_REQUEST = 10;

/** What supervision waits for; milliseconds unless said otherwise. */
export interface SupervisionLimits {
  /** The child gives a sign of life this often while it has work. */
  readonly heartbeatMs: number;
  /** So many heartbeats missed in a row: the child is frozen. */
  readonly missedHeartbeats: number;
  /** No progress for so long ends a start. */
  readonly startMs: number;
  /** No progress for so long ends a request. */
  readonly stallMs: number;
  /** What is not said of itself by the child within so long is left out of the figures. */
  readonly statsMs: number;
  /** What the child gets after a polite shutdown, and again after SIGTERM. */
  readonly gracefulMs: number;
  readonly terminateMs: number;
  /** Restarts within `restartWindowMs`. */
  readonly restarts: number;
  readonly restartWindowMs: number;
  /** The wait before the first, second, ... restart of the window. */
  readonly backOffMs: readonly number[];
  /** Without a text for so long, the child is unloaded. */
  readonly idleMs: number;
  /** The child's memory is looked at no more often than this. */
  readonly memoryCheckMs: number;
}

export const DEFAULT_LIMITS: SupervisionLimits = {
  heartbeatMs: 1_000,
  missedHeartbeats: 10,
  startMs: 60_000,
  stallMs: 30_000,
  statsMs: 500,
  gracefulMs: 1_000,
  terminateMs: 1_000,
  restarts: 4,
  restartWindowMs: 180_000,
  backOffMs: [0, 100, 500, 2_000],
  idleMs: 300_000,
  memoryCheckMs: 1_000,
};
