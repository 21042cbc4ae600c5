import { ProtocolError } from './frames.js';
import type { ChildErrorCode, Reply } from './messages.js';

/** The child lives and said no. */
export class ChildRefusal extends Error {
  override readonly name = 'ChildRefusal';
  readonly code: ChildErrorCode;

  constructor(code: ChildErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

interface Expectation {
  /** True when the reply was the last one. Throws a ProtocolError on one that does not belong here. */
  readonly take: (reply: Reply) => boolean;
  /** Milliseconds without progress that end it. */
  readonly patienceMs: number;
}

interface OpenRequest extends Expectation {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a child was asked and has not answered yet. */
export class OpenRequests {
  readonly #open = new Map<number, OpenRequest>();
  #nextId = 1;

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** That of the least patient one. */
  get patienceMs(): number {
    return Math.min(...[...this.#open.values()].map((request) => request.patienceMs));
  }

  newId(): number {
    return this.#nextId++;
  }

  /** Settles with the last reply that `take` gets, with a ChildRefusal, or as `rejectAll` says. */
  add(id: number, expectation: Expectation): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#open.set(id, { ...expectation, resolve, reject });
    });
  }

  /** Throws a ProtocolError on a reply to nothing that is open. */
  settle(reply: Reply): void {
    const request = this.#open.get(reply.id);
    if (request === undefined)
      throw new ProtocolError(
        `a reply '${reply.type}' to request ${reply.id}, which is not or no longer open`,
      );
    if (reply.type === 'error') {
      this.#open.delete(reply.id);
      request.reject(new ChildRefusal(reply.code, reply.message));
    } else if (request.take(reply)) {
      this.#open.delete(reply.id);
      request.resolve();
    }
  }

  rejectAll(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}

export function unexpected(reply: Reply): never {
  throw new ProtocolError(`a reply '${reply.type}' to request ${reply.id}, which asked for something else`);
}
