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
  'no-network': 'No command but `model pull` opens a network socket, and `serve-mcp --http` on 127.0.0.1.',
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
  'lost-vectors-are-said':
    'Vectors that are missing or damaged on the disk are said by every search, on the command line and over MCP.',
  // command line
  'one-json-document':
    '--json prints one document on stdout and nothing else; ok is true exactly when the exit code is 0.',
  'errors-say-what-next':
    'Every error of the user says what is wrong and the next step, with the exit code of the contract.',
  'quiet-when-well': 'A command that went well writes nothing to stderr off a terminal.',
  // getting and choosing models
  'profile-by-metadata':
    'A model is recognised by what its file says of itself, never by the name of the file.',
  'pull-whole-or-not':
    'A fetched model takes its place whole and checked or not at all, and an interrupted pull is gone on with.',
  'token-stays-home': 'HF_TOKEN is sent to the hub alone, never to a host that it redirects to.',
  'project-cannot-reach-out': "A project's configuration cannot name a file, fetch anything or run anything.",
  'small-with-large-models': 'With --memory lean an embedder of a 4-bit model copies no weights.',
  'package-works-elsewhere': 'What npm packs installs and runs elsewhere, and its types compile.',
  // the store
  'old-reader-frees-space':
    'A process that searches for hours answers from the newest generation and keeps no older one on the disk.',
  // freshness
  'words-are-fresh-before-a-search':
    'Before a search, the words of changed files are taken in where that fits a budget; else it is said.',
  'racy-edits-are-seen':
    'An edit that leaves size and time of a file as they were when it was read is seen by the next run.',
  // doctor
  'doctor-proves':
    'doctor shows by real vectors, a real crash and every checksum that all works, or names the first thing that does not.',
  'report-is-anonymous': "A report of doctor names no file, folder or text of the user's.",
  'memory-is-what-the-kernel-says':
    'The figures of host and embedder are what the kernel says at that moment, within 5 %.',
  'watch-keeps-fresh':
    'index --watch takes in what changes, a burst at once, and leaves the index unlocked between.',
  'network-file-system-is-said': 'An index on a network file system is said to be on one, with the way out.',
  'second-writer-waits':
    'A second writer waits with --wait, else exits 6; either way it is said who holds the index.',
  'looked-at-only-when-changed':
    'A file is read again only when its size, time or inode changed, one that was left out for its content as well.',
  // the MCP server
  'mcp-tools': 'Clients of both eras of MCP list and call every tool, and what they get fits its schema.',
  'mcp-only-protocol': 'serve-mcp writes nothing but protocol to stdout.',
  'mcp-words-at-once': 'A search is answered from words when the embedder is not ready, and says so.',
  'mcp-never-blocked':
    'No client, index, model or embedder that fails takes the server down or goes unanswered.',
  'mcp-ends-with-client': 'The server and its embedder end within 2 s of their client, and on SIGTERM.',
  'mcp-stays-inside': 'No tool reads outside the roots, by no name, link, race or kind of file.',
  'mcp-http-guarded':
    'Over HTTP only this machine, no page of another origin and nobody without the token is served.',
  'watch-survives-lost-reports':
    'A watch finds changes that the system did not report, and says where it reports none.',
  'formats-move-forward':
    'An index of an older format is read, and brought up to date without embedding anything again.',
  'space-is-bounded':
    'Small shards are merged, and vectors of texts that are gone take a bounded number of bytes.',
  // proofs of the index
  'damage-found':
    'A byte of the index that flips is found or harmless; the next run heals it and embeds again only what was hit.',
  'no-test-code-ships': 'Fault points are in no file that ships.',
  // ranking
  'quality-is-measurable':
    'eval scores the index on the own questions of a user, every way to answer beside each other with intervals.',
  'query-syntax-never-fails':
    'lang:, path:, "phrase" and -word steer a query, and what only looks like them is words.',
  'nothing-fits-is-said': 'Where nothing in the index fits a query, its scores and its confidence are low.',
  'explained-scores': 'With --explain the parts of a score add up to what orders the hits.',
  'other-files-get-a-place': 'No file takes more than three of ten places while others match.',
  'copies-are-one-hit': 'Copies of a text are one hit, which names where the others stand.',
  'like-needs-no-embedder': 'query --like answers from the stored vector and starts no embedder.',
} as const;

export type PromiseId = keyof typeof PROMISES;

/** Said inside a test: it proves this promise. */
export function verifies(id: PromiseId): void {
  if (!(id in PROMISES)) throw new Error(`${id as string} is not promised in test/house/promises.ts`);
}
