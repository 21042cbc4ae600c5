/**
 * Every error that a user can meet: its code (stable, part of the CLI contract), its exit code, and the
 * next step when the place that throws knows no better one.
 */
export const ERROR_CODES = {
  USAGE: { exit: 2, fix: 'Run the command with --help to see its arguments and flags.' },
  PATH_NOT_FOUND: { exit: 2, fix: 'Check the path.' },
  PATH_NOT_A_FOLDER: { exit: 2, fix: 'Name a folder.' },
  QUERY_EMPTY: {
    exit: 2,
    fix: 'Say what you are looking for: embed-search query "where do we retry a failed upload"',
  },
  CONFIG_INVALID: { exit: 2, fix: 'Mend the configuration file, or remove it.' },
  INDEX_MISSING: { exit: 3, fix: 'Make one: embed-search index' },
  INDEX_OTHER_MODEL: {
    exit: 3,
    fix: 'Name the model that made the index, or make it anew: embed-search index --rebuild',
  },
  INDEX_OTHER_SETTINGS: { exit: 3, fix: 'Make the index anew: embed-search index --rebuild' },
  INDEX_NEWER_FORMAT: {
    exit: 3,
    fix: 'Update embed-search, or make the index anew: embed-search index --rebuild',
  },
  INDEX_DAMAGED: {
    exit: 3,
    fix: 'Run embed-search index: it is made anew from your files and vectors are kept. If that does not help: embed-search index --rebuild',
  },
  MODEL_MISSING: {
    exit: 4,
    fix: 'Name a GGUF file that exists with --model FILE, or leave --model out to use the shipped one.',
  },
  MODEL_INVALID: { exit: 4, fix: 'Fetch the file again, or name another one with --model FILE.' },
  MODEL_UNSUITABLE: { exit: 4, fix: 'Name an embedding model with --model FILE.' },
  MODEL_CHANGED: {
    exit: 4,
    fix: 'Leave the model file alone while embed-search runs, then run the command again.',
  },
  RUNTIME_MISSING: {
    exit: 5,
    fix: 'Install the public runtime beside embed-search: npm install node-llama-cpp, then use --runtime compat.',
  },
  EMBEDDER_FAILED: {
    exit: 5,
    fix: 'Run the command again; if it fails again, try --runtime compat or --lanes 1.',
  },
  EMBEDDER_PROTOCOL: {
    exit: 5,
    fix: 'Reinstall embed-search, so that both of its processes are of one version.',
  },
  EMBEDDER_OUT_OF_MEMORY: { exit: 5, fix: 'Free some memory, or use --lanes 1 or a smaller model.' },
  INDEX_LOCKED: {
    exit: 6,
    fix: 'Wait until the other run ends, then try again; index --wait does that by itself.',
  },
  DOWNLOAD_RUNNING: { exit: 6, fix: 'Wait until the other download ends, then try again.' },
  DONE_IN_PART: {
    exit: 7,
    fix: 'See the files and chunks that are named, mend the cause, then run the command again.',
  },
  NO_SPACE: {
    exit: 8,
    fix: 'Make room on the disk, then run the command again; nothing that was indexed is lost.',
  },
  NO_PERMISSION: {
    exit: 8,
    fix: 'Give yourself permission to the path, or put the index elsewhere with --index-dir DIR.',
  },
  NETWORK: { exit: 8, fix: 'Check the connection, then run the command again; it goes on where it stopped.' },
  DOWNLOAD_REFUSED: { exit: 8, fix: 'Check the address, and that you may read it.' },
  DOWNLOAD_DAMAGED: { exit: 8, fix: 'Run the command again: the file is fetched anew.' },
  MACHINE: { exit: 8, fix: 'See the message of the system, mend the cause, then run the command again.' },
  COMMAND_UNKNOWN: { exit: 127, fix: 'Run embed-search --help to see the commands.' },
  INTERRUPTED: { exit: 130, fix: 'Run the command again; it goes on where it stopped.' },
  TERMINATED: { exit: 143, fix: 'Run the command again; it goes on where it stopped.' },
  HUNG_UP: { exit: 129, fix: 'Run the command again; it goes on where it stopped.' },
  BUG: { exit: 1, fix: 'This is a bug of embed-search. Please report it with the text above.' },
} as const satisfies Record<string, { exit: number; fix: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A problem that the user, not the programmer, can mend: shown without a stack, with a next step. */
export class EmbedSearchError extends Error {
  override readonly name = 'EmbedSearchError';
  readonly code: ErrorCode;
  readonly fix: string;

  constructor(code: ErrorCode, message: string, options: { fix?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.fix = options.fix ?? ERROR_CODES[code].fix;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }
}

const SYSTEM_CODES: Record<string, ErrorCode> = {
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EFBIG: 'NO_SPACE',
  SQLITE_FULL: 'NO_SPACE',
  EACCES: 'NO_PERMISSION',
  EPERM: 'NO_PERMISSION',
  EROFS: 'NO_PERMISSION',
  SQLITE_READONLY: 'NO_PERMISSION',
  SQLITE_CANTOPEN: 'NO_PERMISSION',
  EMFILE: 'MACHINE',
  ENFILE: 'MACHINE',
  ENAMETOOLONG: 'MACHINE',
  EIO: 'MACHINE',
  ELOOP: 'MACHINE',
  ENOMEM: 'MACHINE',
  EISDIR: 'MACHINE',
  ENOTDIR: 'MACHINE',
  EEXIST: 'MACHINE',
  ENOENT: 'MACHINE',
  SQLITE_IOERR: 'MACHINE',
};

/** The code of a system or SQLite error (extended SQLite codes count as their primary one), or undefined. */
function systemErrorCode(error: unknown): ErrorCode | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return undefined;
  const primary = code.startsWith('SQLITE_') ? code.split('_').slice(0, 2).join('_') : code;
  return SYSTEM_CODES[primary];
}

/** `error` as an EmbedSearchError where the machine is to blame, else `error` itself. */
export function asUserError(error: unknown, doing: string): unknown {
  if (error instanceof EmbedSearchError) return error;
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  return new EmbedSearchError(code, `${doing}: ${(error as Error).message}`, { cause: error });
}
