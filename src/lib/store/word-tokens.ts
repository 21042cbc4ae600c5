import { TOKENIZER } from './schema.js';
import { Sqlite } from './sqlite.js';

const MOST_KNOWN = 2_000;

/**
 * A token as FTS5 keeps it, in hexadecimal: UTF-8, of which the stemmer may have cut off a part of a character. No Buffer: a
 * few bytes that are kept would keep the 8 KB of Node's pool around them.
 */
export type Token = string;

/**
 * What the tokenizer of the word tables makes of a term: SQLite's own, asked in a database that is only in memory. A
 * stemmer of our own would have to agree with it to the last letter, or words would be lost without a sign.
 */
export class WordTokens {
  #database: Sqlite | undefined;
  readonly #known = new Map<string, Token | undefined>();

  /** For each term its token; undefined for one that is a phrase, or nothing. */
  of(terms: readonly string[]): (Token | undefined)[] {
    const unknown = [...new Set(terms.filter((term) => !this.#known.has(term)))];
    const found = this.#tokenize(unknown);
    const tokens = terms.map((term) => found.get(term) ?? this.#known.get(term));
    if (this.#known.size + found.size > MOST_KNOWN) this.#known.clear();
    for (const [term, token] of found) if (this.#known.size < MOST_KNOWN) this.#known.set(term, token);
    return tokens;
  }

  #tokenize(terms: readonly string[]): Map<string, Token | undefined> {
    const tokens = new Map<string, Token | undefined>();
    if (terms.length === 0) return tokens;
    const database = (this.#database ??= openTokenizer());
    database.exec('begin');
    try {
      database.run(
        'insert into words(rowid, word) select key, value from json_each(?)',
        JSON.stringify(terms.map((term) => term.replaceAll('\0', ' '))),
      );
      for (const [index, hex] of database.all('select doc, hex(term) from tokens order by doc')) {
        const term = terms[index as number]!;
        tokens.set(term, tokens.has(term) ? undefined : (hex as string));
      }
    } finally {
      database.rollback();
    }
    for (const term of terms) if (!tokens.has(term)) tokens.set(term, undefined);
    return tokens;
  }
}

function openTokenizer(): Sqlite {
  const database = new Sqlite(':memory:', { busyMilliseconds: 0 });
  database.exec(`create virtual table words using fts5(word, content='', tokenize='${TOKENIZER}');
    create virtual table tokens using fts5vocab(words, instance)`);
  return database;
}
