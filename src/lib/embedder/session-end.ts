import { EmbedSearchError } from '../errors.js';
import { saysOutOfMemory } from './out-of-memory.js';

/** How one child ended. */
export interface SessionEnd {
  /** A clause that follows "The embedder": `was killed by SIGSEGV`, `exited with code 3`. */
  readonly what: string;
  readonly lastWords: string;
  readonly outOfMemory: boolean;
}

/** The system does that to a process, for lack of memory, or somebody: mostly not for what the text is. Windows knows no signals. */
const KILLED = 'was killed by SIGKILL';

/** Whether what is said of a text is that the embedder was killed over it: the next time it may not be. */
export function saysKilled(detail: string): boolean {
  return detail.includes(KILLED);
}

/** Every request of a session that ended fails with this. */
export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
  readonly end: SessionEnd;

  constructor(end: SessionEnd) {
    super(`The embedder ${end.what}`);
    this.end = end;
  }
}

/** What is known when a process is gone; `cause` is what we saw or did first, `kernelKills` the OOM kills meanwhile. */
export function sessionEnd(facts: {
  cause: string | null;
  code: number | null;
  signal: NodeJS.Signals | null;
  lastWords: string;
  kernelKills: number;
}): SessionEnd {
  const { cause, code, signal, lastWords, kernelKills } = facts;
  const killedByKernel = cause === null && signal === 'SIGKILL' && kernelKills > 0;
  return {
    what: cause ?? (signal === null ? `exited with code ${code}` : `was killed by ${signal}`),
    lastWords,
    outOfMemory: killedByKernel || saysOutOfMemory(`${cause ?? ''}\n${lastWords}`),
  };
}

/** The error that a caller sees: who, what, while doing what, how often, and the child's last words. */
export function sessionError(
  end: SessionEnd,
  context: { doing: string; restarts: number },
): EmbedSearchError {
  const restarts =
    context.restarts === 0
      ? ''
      : ` after ${context.restarts} ${context.restarts === 1 ? 'restart' : 'restarts'}`;
  const lastWords = end.lastWords === '' ? '' : `\nIts last words: ${end.lastWords.slice(-1_000)}`;
  const memory = end.outOfMemory ? ' for lack of memory' : '';
  return new EmbedSearchError(
    end.outOfMemory ? 'EMBEDDER_OUT_OF_MEMORY' : 'EMBEDDER_FAILED',
    `The embedder ${end.what}${memory} while ${context.doing}${restarts}.${lastWords}`,
  );
}
