/**
 * What the product promises: id -> sentence. A test that proves one says `verifies('id')`, and promises.test.ts
 * fails when a promise has no test. Only promises that a test can hold stand here; figures are `bench/`'s.
 */
export const PROMISES = {
  // the two processes
  'host-memory': 'The host process stays under 100 MB of resident memory, whatever it indexes or searches.',
  'host-holds-no-model': 'Native model code and model weights are never mapped into the host.',
  'private-pipe': 'Host and embedder talk over a private pipe; a bad frame ends the session, never the host.',
  'embedder-crash-spares-host':
    'An embedder that dies becomes an error with its last words; host and index live on.',
  'no-orphan-embedder': 'The embedder ends with its host: when the pipe closes, on Ctrl-C and after kill -9.',
  'no-network': 'No command opens a network socket.',
  'light-start':
    'What a command does not need is not loaded: --help and --version load neither SQLite nor a model.',
  // vectors
  'runtimes-agree': 'Both runtimes give the reference vectors, at a cosine of .999 or more.',
  'no-text-cut':
    'No text is ever cut silently: one over the limit comes back marked, and its chunk is split.',
  'no-made-up-vector':
    'A vector that is not finite or has no length is an error, never stored and never searched with.',
  'vectors-are-true': 'Every vector of an index equals a fresh embedding of its chunk.',
  'models-never-mix': 'Vectors of different models never meet in one index.',
  'exact-token-counts': 'A chunk is measured with exactly as many tokens as llama.cpp counts.',
  // models
  'bad-model-refused':
    'A damaged or unsuitable model file is refused with what is wrong, before native code sees it.',
  'no-model-still-words':
    'Without a usable model, index commits the words and exits 4, and a hybrid query answers from words and says so.',
  // corpus
  'reason-for-every-omission': 'Every file that is left out has a reason, and --dry-run lists it.',
  'secrets-left-out': 'What looks like a secret is not indexed, and that is said.',
  'never-outside-the-root': 'The walk never leaves the folder, not by a symbolic link either.',
  'odd-files-do-not-stop-a-run':
    'No name, size, encoding or content of a file stops a run; nor does one that vanishes.',
  // index
  'words-first':
    'Words are searchable before the first vector exists, and a query says what share has vectors.',
  'nothing-embedded-twice': 'A text whose vector is known is not embedded again.',
  'interruption-loses-little': 'After an interruption the next run does only what is missing.',
  'incremental-equals-fresh': 'An index that was brought up to date answers like one made anew.',
  'old-generation-answers': 'When a run cannot write, it exits 8 and the generation before still answers.',
  'index-is-private': 'The index folder is closed to other users and git ignores it.',
  // search
  'long-query-whole':
    'A query longer than the model takes uses all its words and, for its vector, all its windows.',
  'any-text-is-a-query': 'Operators, quotes and stop words in a query are words, never a syntax error.',
  'nothing-found-is-no-error': 'Nothing found is exit 0 with no hits, and an error never looks like it.',
  // command line
  'one-json-document':
    '--json prints one document on stdout and nothing else; ok is true exactly when the exit code is 0.',
  'errors-say-what-next':
    'Every error of the user says what is wrong and the next step, with the exit code of the contract.',
  'quiet-when-well': 'A command that went well writes nothing to stderr off a terminal.',
  'package-works-elsewhere': 'What npm packs installs and runs elsewhere, and its types compile.',
} as const;

export type PromiseId = keyof typeof PROMISES;

/** Said inside a test: it proves this promise. */
export function verifies(id: PromiseId): void {
  if (!(id in PROMISES)) throw new Error(`${id as string} is not promised in test/house/promises.ts`);
}
