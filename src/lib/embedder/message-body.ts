import { ProtocolError } from './frames.js';

/** A value as the JSON body of a message. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** The JSON body of the message `name`. Throws a ProtocolError. */
export function parse(body: Buffer, name: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new ProtocolError(`a message '${name}' that is not JSON`, { cause: error });
  }
}

/** Throws a ProtocolError where the body of the message `name` has another length. */
export function expectLength(body: Buffer, length: number, name: string): void {
  if (body.length !== length)
    throw new ProtocolError(`a message '${name}' with ${body.length} bytes instead of ${length}`);
}

/** Reads the fields of a JSON message; a wrong one is named in the ProtocolError. */
export class Fields {
  readonly #values: Record<string, unknown>;
  readonly #message: string;

  constructor(value: unknown, message: string) {
    if (typeof value !== 'object' || value === null)
      throw new ProtocolError(`a message '${message}' that is no object`);
    this.#values = value as Record<string, unknown>;
    this.#message = message;
  }

  string(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : this.#wrong(name);
  }

  /** A whole number from `least` up. */
  integer(name: string, least: number): number {
    const value = this.#values[name];
    return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : this.#wrong(name);
  }

  number(name: string): number {
    const value = this.#values[name];
    return typeof value === 'number' ? value : this.#wrong(name);
  }

  orNull<T>(name: string, read: () => T): T | null {
    return this.#values[name] === null ? null : read();
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.#values[name];
    return allowed.includes(value as T) ? (value as T) : this.#wrong(name);
  }

  #wrong(name: string): never {
    throw new ProtocolError(`a message '${this.#message}' whose field '${name}' is missing or wrong`);
  }
}
