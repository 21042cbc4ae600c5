/** What one client, or many, may ask of the server at most. Bytes, characters, milliseconds. */
export const LIMITS = {
  /** One message of a client; more is refused unread. */
  messageBytes: 4 * 1024 * 1024,
  /** Tool calls at work at the same time; the others wait in line. */
  runningCalls: 2,
  /** Calls in line; more are refused. */
  waitingCalls: 2_000,
  /** Answers that a client has not read yet: no call starts beyond the first, the connection ends beyond the second. */
  unreadBytes: 1024 * 1024,
  unreadBytesAtTheEnd: 32 * 1024 * 1024,
  /** Connections over HTTP at the same time. */
  connections: 128,
  /** How long a client over HTTP may take to send a request, and keep a connection without one: longer than it needs. */
  requestMilliseconds: 65_000,
  keepAliveMilliseconds: 60_000,
  queryCharacters: 8_000,
  pathCharacters: 4_096,
  hits: 50,
  globs: 20,
  globCharacters: 500,
  /** Lines before and after a snippet. */
  contextLines: 50,
  /** Lines that one `read_lines` gives. */
  lines: 2_000,
  tokens: 20_000,
} as const;

/** What a search waits for. Milliseconds. */
export const PATIENCE = {
  /** For an embedder that is not ready; then words alone answer. */
  embedderStart: 1_500,
  /** For the vector of a query at all. */
  embedderAnswer: 10_000,
  /** For finding changed files and taking their words in, and for that at the worst. */
  freshness: 300,
  freshnessAtMost: 1_000,
  /** For counting what is stale in `index_status`: later searches may wait for it. */
  staleness: 800,
  /** How long it is not done again; longer where it took too long. */
  freshFor: 1_000,
  notFreshFor: 10_000,
  /** For the first words of a run that `--auto-index` has started. */
  firstWords: 5_000,
} as const;
