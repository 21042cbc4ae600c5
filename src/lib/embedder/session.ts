import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { takeEarly } from './early-child.js';
import { FrameReader, ProtocolError } from './frames.js';
import type { SupervisionLimits } from './limits.js';
import { killOnExit, noLongerLive } from './live-children.js';
import { LastWords } from './last-words.js';
import type { ChildStats, InitializedReply, InitializeRequest, Outcome, Reply, Request } from './messages.js';
import { OpenRequests, unexpected } from './open-requests.js';
import { outOfMemoryKills } from './out-of-memory.js';
import { Pulse } from './pulse.js';
import { decodeReply } from './replies.js';
import { encodeRequest } from './requests.js';
import { type SessionEnd, SessionEnded, sessionEnd } from './session-end.js';
import { type SpawnedChild, spawnChild } from './spawn-child.js';
import { vectorFault } from './vectors.js';

const DRAIN_MS = 100;
const DYING_MS = 100;

/** One child from spawn to its end. Any breach of the protocol ends it; nothing of it throws into the event loop. */
export class Session {
  readonly ended: Promise<SessionEnd>;
  readonly #child: SpawnedChild;
  readonly #limits: SupervisionLimits;
  readonly #lastWords: LastWords;
  readonly #reader = new FrameReader();
  readonly #requests = new OpenRequests();
  readonly #kernelKillsBefore = outOfMemoryKills();
  #cause: string | null = null;
  #over = false;
  readonly #pulse: Pulse;

  constructor(program: string, lanes: number, limits: SupervisionLimits) {
    this.#limits = limits;
    this.#pulse = new Pulse(
      limits,
      () => this.#requests.patienceMs,
      (cause) => this.kill(cause),
    );
    this.#child = takeEarly(program, lanes) ?? spawnChild(program, lanes);
    this.#lastWords = new LastWords(this.#child.stderr);
    this.ended = this.#watch();
    this.#keepHostAlive(false);
  }

  get pid(): number | null {
    return this.#over ? null : (this.#child.process.pid ?? null);
  }

  /** Rejects with ChildRefusal or SessionEnded. */
  async initialize(initialize: InitializeRequest): Promise<InitializedReply> {
    let answer: InitializedReply | undefined;
    await this.#ask(
      (id) => ({ type: 'initialize', id, initialize }),
      this.#limits.startMs,
      (reply) => {
        if (reply.type !== 'initialized') return unexpected(reply);
        answer = reply.initialized;
        return true;
      },
    );
    return answer!;
  }

  /**
   * Calls `settle` once for each text as soon as it is done, in any order; resolves after the last one.
   * Rejects with ChildRefusal or SessionEnded; the texts that were not settled until then have no outcome.
   */
  embed(
    texts: readonly string[],
    dimensions: number,
    settle: (index: number, outcome: Outcome) => void,
  ): Promise<void> {
    const open = new Set(texts.keys());
    return this.#ask(
      (id) => ({ type: 'embed', id, texts }),
      this.#limits.stallMs,
      (reply) => {
        if (reply.type !== 'embedding') return unexpected(reply);
        const { index, outcome } = reply;
        if (!open.delete(index))
          throw new ProtocolError(`an embedding for text ${index}, which is not or no longer asked for`);
        const fault = outcome.kind === 'vector' ? vectorFault(outcome.vector, dimensions) : null;
        if (fault !== null) throw new ProtocolError(`a vector with ${fault}`);
        settle(index, outcome);
        return open.size === 0;
      },
    );
  }

  async stats(): Promise<ChildStats> {
    let answer: ChildStats | undefined;
    await this.#ask(
      (id) => ({ type: 'stats', id }),
      this.#limits.stallMs,
      (reply) => {
        if (reply.type !== 'stats') return unexpected(reply);
        answer = reply.stats;
        return true;
      },
    );
    return answer!;
  }

  /**
   * A polite shutdown (graceful: after what is in flight), then SIGTERM, then SIGKILL, each with its time. Never rejects.
   */
  async close(graceful = false): Promise<void> {
    if (this.#over) return;
    this.#keepHostAlive(true);
    this.#cause ??= 'was closed';
    const polite = this.#ask(
      (id) => ({ type: 'shutdown', id, graceful }),
      this.#limits.stallMs,
      (reply) => reply.type === 'done',
    );
    polite.catch(() => {});
    if (await this.#endsWithin(this.#limits.gracefulMs)) return;
    this.#child.process.kill('SIGTERM');
    if (await this.#endsWithin(this.#limits.terminateMs)) return;
    this.#child.process.kill('SIGKILL');
    await this.ended;
  }

  /** Ends the child now; `cause` is what the end will be known as. */
  kill(cause: string): void {
    this.#cause ??= cause;
    this.#child.process.kill('SIGKILL');
  }

  #ask(request: (id: number) => Request, patienceMs: number, take: (reply: Reply) => boolean): Promise<void> {
    if (this.#over) return this.ended.then((end) => Promise.reject(new SessionEnded(end)));
    const id = this.#requests.newId();
    const bytes = encodeRequest(request(id));
    const answered = this.#requests.add(id, { take, patienceMs });
    this.#pulse.start();
    this.#keepHostAlive(true);
    this.#child.channel.write(bytes);
    return answered;
  }

  /** Nothing is asked for now. */
  #rest(): void {
    this.#pulse.stop();
    this.#keepHostAlive(false);
  }

  #receive(chunk: Buffer): void {
    this.#pulse.sign();
    if (this.#cause !== null && this.#cause !== 'was closed') return;
    try {
      for (const frame of this.#reader.read(chunk)) this.#handle(decodeReply(frame));
    } catch (error) {
      this.kill(
        error instanceof ProtocolError
          ? `broke the protocol: it sent ${error.message}`
          : `sent what failed here: ${String(error)}`,
      );
    }
  }

  #handle(reply: Reply): void {
    if (reply.type === 'heartbeat') return this.#pulse.heard(reply);
    if (reply.type === 'error' && reply.id === 0) throw new ProtocolError(`a complaint: ${reply.message}`);
    this.#requests.settle(reply);
    // Figures are no progress: who asks for them again and again must not keep a stuck request alive.
    if (reply.type !== 'stats') this.#pulse.answered();
    if (this.#requests.isEmpty) this.#rest();
  }

  #watch(): Promise<SessionEnd> {
    const { process: child, channel } = this.#child;
    if (child.pid !== undefined) killOnExit(child.pid);
    channel.on('data', (chunk: Buffer) => this.#receive(chunk));
    channel.on('error', () => {}); // a broken pipe: 'close' follows
    channel.once('close', () => this.#killUnlessItEnds());
    return new Promise((resolve) => {
      const over = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (!this.#over) resolve(this.#bury(code, signal));
      };
      child.once('error', (error) => {
        this.#cause ??= `could not be started: ${error.message}`;
        if (child.pid === undefined) over(null, null);
      });
      // 'close' follows 'exit' when its last replies and words are read, unless somebody else holds its pipes.
      child.once('exit', (code, signal) => setTimeout(over, DRAIN_MS, code, signal).unref());
      child.once('close', over);
    });
  }

  /** A child that closes its channel and lives on is of no use; one that is dying is about to say how. */
  #killUnlessItEnds(): void {
    if (this.#cause !== null) return;
    setTimeout(() => {
      if (!this.#over) this.kill('closed its channel');
    }, DYING_MS).unref();
  }

  #bury(code: number | null, signal: NodeJS.Signals | null): SessionEnd {
    this.#over = true;
    this.#rest();
    this.#child.channel.destroy();
    this.#child.stderr.destroy();
    if (this.#child.process.pid !== undefined) noLongerLive(this.#child.process.pid);
    const end = sessionEnd({
      cause: this.#cause,
      code,
      signal,
      lastWords: this.#lastWords.toString(),
      kernelKills: (outOfMemoryKills() ?? 0) - (this.#kernelKillsBefore ?? 0),
    });
    this.#requests.rejectAll(new SessionEnded(end));
    return end;
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const timeout = new AbortController();
    const tooLate = delay(milliseconds, false, { signal: timeout.signal }).catch(() => false);
    const inTime = await Promise.race([this.ended.then(() => true), tooLate]);
    timeout.abort();
    return inTime;
  }

  /** Only work keeps the host's event loop alive, never a child that waits for some. */
  #keepHostAlive(needed: boolean): void {
    const { process: child, channel, stderr } = this.#child;
    for (const handle of [child, channel as Socket, stderr as Socket]) {
      if (needed) handle.ref();
      else handle.unref();
    }
  }
}
