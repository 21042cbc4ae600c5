import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { killOnExit, noLongerLive } from '../embedder/live-children.js';
import { tiedToParent } from '../embedder/parent-death.js';
import { EmbedSearchError, type ErrorCode } from '../errors.js';
import { v8FlagsFor } from '../memory/v8-flags.js';
import type { IndexOptions, IndexOutcome, IndexProgress, IndexResult } from './types.js';

interface DescribedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix?: string;
}

/** What the child says, a JSON document a line. */
export type IndexMessage =
  | { readonly kind: 'progress'; readonly event: IndexProgress }
  | {
      readonly kind: 'outcome';
      readonly result: IndexResult;
      readonly warnings: readonly string[];
      readonly error: DescribedError | null;
    }
  | { readonly kind: 'failure'; readonly error: DescribedError };

const CHILD_PROGRAM = fileURLToPath(import.meta.resolve('#dist/lib/indexing/index-child.js'));
/** What a run that was told to stop gets to commit what it has, milliseconds. */
const STOP_MILLISECONDS = 5_000;

/**
 * `indexFolder` in a process of its own, for a server that has others to answer meanwhile: it takes seconds of CPU and
 * memory that would never come back. The process ends with ours, also after kill -9. Errors as of `indexFolder`.
 */
export async function indexInProcess(
  options: Omit<IndexOptions, 'signal' | 'onProgress'>,
  { signal, onProgress }: Pick<IndexOptions, 'signal' | 'onProgress'> = {},
): Promise<IndexOutcome> {
  signal?.throwIfAborted();
  const [command, ...args] = tiedToParent([
    process.execPath,
    ...v8FlagsFor('index'),
    CHILD_PROGRAM,
    JSON.stringify(options),
  ]);
  const child = spawn(command!, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], windowsHide: true });
  let lastWords = '';
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, name) => resolve(name ? `was ended by ${name}` : `ended with code ${code}`));
  });
  child.stdin!.on('error', () => {});
  child.stderr!.on('data', (bytes: Buffer) => (lastWords = (lastWords + bytes.toString()).slice(-2_000)));
  const { pid } = child;
  if (pid !== undefined) killOnExit(pid);
  let late: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    late = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS).unref();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    let last: IndexMessage | undefined;
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      last = JSON.parse(line) as IndexMessage;
      if (last.kind === 'progress') onProgress?.(last.event);
    }
    const end = await ended;
    if (last?.kind === 'outcome') {
      return { result: last.result, warnings: last.warnings, error: last.error && asError(last.error) };
    }
    if (last?.kind === 'failure') throw asError(last.error);
    signal?.throwIfAborted();
    throw new EmbedSearchError(
      'MACHINE',
      `The process that indexes ${options.root} ${end}.\n${lastWords}`.trim(),
      {
        fix: 'Run the update again; it goes on where it stopped.',
      },
    );
  } finally {
    signal?.removeEventListener('abort', stop);
    clearTimeout(late);
    // Only where what it said could not be taken: nobody would hear the rest.
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    if (pid !== undefined) noLongerLive(pid);
  }
}

function asError({ code, message, fix }: DescribedError): EmbedSearchError {
  return new EmbedSearchError(code, message, fix === undefined ? {} : { fix });
}
