import { splitIdentifier } from '../corpus/words.js';
import { FileFacts } from './file-facts.js';
import { lexicalMatch, type LegRanges, matchOf, scaled } from './match.js';
import { pathFacts } from './path-facts.js';
import { isStopWord } from './query-terms.js';
import { isReadme } from './readme.js';
import { PARTS, type ScoreParts, type ScoreTable, ScoredChunk } from './score-parts.js';
import { stem, Stems } from './stems.js';
import type { UnderstoodQuery } from './understand.js';
import type { RankingWeights } from './weights.js';

/** A chunk that one of the legs found, with all that the ranking looks at. */
export interface Candidate {
  readonly chunkId: number;
  readonly fileId: number;
  readonly path: string;
  readonly startLine: number;
  readonly symbol?: string | undefined;
  /** cosine */
  readonly vector?: number | undefined;
  /** BM25 of the chunk, and of its whole file */
  readonly words?: number | undefined;
  readonly fileWords?: number | undefined;
  /** Read from the text, for the best candidates. */
  readonly evidence?: Evidence | undefined;
  /** The same share, of all that was read of its file together. */
  readonly fileWordShare?: number | undefined;
  /** It has a word that the query excludes. */
  readonly isExcluded?: boolean | undefined;
  /** Ranked because many hits are asked for: nothing that candidates say of each other comes from it. */
  readonly isFurther?: boolean | undefined;
  /** milliseconds since the epoch; only where the query asks for what is new */
  readonly modified?: number | undefined;
}

export interface Evidence {
  /** Names that the chunk defines. */
  readonly defines: readonly string[];
  /** Share of the query's quoted phrases that it has word for word. */
  readonly phrases: number;
  /** Share of the query's words that its text or path has; a rarer word counts more. */
  readonly wordShare: number;
}

export interface RankedChunk {
  readonly candidate: Candidate;
  readonly score: number;
  /** 0..1 within the query */
  readonly lexical: number | undefined;
  readonly parts: ScoreParts;
}

/** Below everything that is not excluded. */
const EXCLUDED = -10;

const DAY = 86_400_000;

/** So many chunks say how well words alone meet the query, as far as their texts were read. */
export const BEST_BY_WORDS = 3;

/** As tests are called that stand in the file of what they test: `mod tests` in Rust, `test_` and `bench_` in front of a name. */
const TEST = /^(tests?$|(test|bench)_)/;

const LINES_OF_TOP = 30;

/** Neither meaning nor words are ever all that counts. */
const MOST_SHARE = 0.9;

/**
 * Puts candidates in order: scaled scores of words and meaning are added, then what speaks for a chunk or against its
 * file. Pure; ties go by path and line, so an order never depends on how an index came about. O(n log n).
 */
export function rank(
  candidates: readonly Candidate[],
  query: UnderstoodQuery,
  ranges: LegRanges,
  weights: RankingWeights,
): RankedChunk[] {
  const share = meaningShare(candidates, query, weights);
  const stems = new Stems(query.terms);
  const files = new FileFacts(query, stems, candidates);
  const table: ScoreTable = new Float64Array(candidates.length * PARTS.count);
  const context = { query, ranges, weights, share, stems, files, table, newest: newestOf(candidates) };
  const ranked: ScoredChunk[] = [];
  // By index, and no function of this call's own: V8 forgets what it has optimized of one that does not outlive the query.
  for (let index = 0; index < candidates.length; index++)
    ranked.push(scored(candidates[index]!, index * PARTS.count, context));
  const kinds = { ...weights.kind, document: documentWeight(candidates, weights.kind.document) };
  for (const kind of query.asksFor) kinds[kind] = 1;
  addCoherence(ranked, ranges, weights.vector[query.kind], { ...weights, kind: kinds });
  for (let index = 0; index < ranked.length; index++) ranked[index]!.settle(kinds[ranked[index]!.kind]);
  return ranked.sort(byScore);
}

interface RankingContext {
  readonly query: UnderstoodQuery;
  readonly ranges: LegRanges;
  readonly weights: RankingWeights;
  /** Of meaning, in this query. */
  readonly share: number;
  readonly stems: Stems;
  readonly files: FileFacts;
  readonly table: ScoreTable;
  readonly newest: number;
}

/** All parts but coherence and kind, which need the others; `at`: where its parts begin in the table. */
function scored(candidate: Candidate, at: number, context: RankingContext): ScoredChunk {
  const { query, ranges, weights, share, stems, files, table, newest } = context;
  const { vector, words, fileWords, evidence, fileWordShare, modified } = candidate;
  const lexical = lexicalMatch(words, fileWords, ranges, weights.fileShare);
  const file = files.of(candidate);
  table[at + PARTS.words] = (1 - share) * (lexical ?? 0);
  table[at + PARTS.vector] = share * scaled(vector, ranges.vector);
  table[at + PARTS.wordShare] =
    weights.wordShare * (evidence?.wordShare ?? 0) + weights.fileWordShare * (fileWordShare ?? 0);
  table[at + PARTS.definition] = definitionPart(candidate, query, stems, weights);
  table[at + PARTS.fileName] =
    weights.fileName[query.kind] * file.nameShare +
    (file.isNamed ? weights.namedFile : 0) +
    (query.isAboutAll ? weights.readme * partOfReadme(candidate) : 0);
  table[at + PARTS.phrase] = weights.phrase * (evidence?.phrases ?? 0);
  table[at + PARTS.recency] =
    modified === undefined ? 0 : weights.recency / (1 + Math.max(0, newest - modified) / (30 * DAY));
  table[at + PARTS.excluded] = candidate.isExcluded === true ? EXCLUDED : 0;
  const isTest = file.kind === 'source' && candidate.symbol !== undefined && TEST.test(candidate.symbol);
  return new ScoredChunk(candidate, isTest ? 'test' : file.kind, lexical, table, at);
}

function newestOf(candidates: readonly Candidate[]): number {
  let newest = 0;
  for (let index = 0; index < candidates.length; index++)
    if (candidates[index]!.isFurther !== true) newest = Math.max(newest, candidates[index]!.modified ?? 0);
  return newest;
}

/** 1 at the top of the README at the root, less further down, 0 in other files. */
function partOfReadme({ path, startLine }: Candidate): number {
  return isReadme(path) ? 1 / (1 + startLine / LINES_OF_TOP) : 0;
}

/**
 * Prose about code tells in one paragraph what many lines of code do, so it stands before them. It is lowered in
 * full where a chunk of code has two thirds of the words of the query that the best chunk of prose has, not at all up to
 * one third, and in proportion between.
 */
function documentWeight(candidates: readonly Candidate[], weight: number): number {
  if (weight === 1) return 1;
  let [code, prose] = [0, 0];
  for (let index = 0; index < candidates.length; index++) {
    const { path, evidence } = candidates[index]!;
    const share = evidence?.wordShare ?? 0;
    if (pathFacts(path).isProse) prose = Math.max(prose, share);
    else code = Math.max(code, share);
  }
  const covered = prose === 0 ? 1 : Math.min(1, code / prose);
  return 1 - (1 - weight) * Math.min(1, Math.max(0, 3 * covered - 1));
}

function byScore(a: RankedChunk, b: RankedChunk): number {
  if (a.score !== b.score) return a.score > b.score ? -1 : 1; // a difference would be an object for each comparison
  const [left, right] = [a.candidate, b.candidate];
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  return left.startLine - right.startLine || left.chunkId - right.chunkId;
}

/**
 * How much the meaning counts against the words: less where the best chunks by words have most of what the query tells,
 * more where words that tell much are nowhere near each other, or nowhere at all.
 */
function meaningShare(
  candidates: readonly Candidate[],
  { kind }: UnderstoodQuery,
  { vector, meaningByWordShare, usualWordShare }: RankingWeights,
): number {
  if (meaningByWordShare === 0) return vector[kind];
  const best = candidates
    .filter(({ words, evidence }) => words !== undefined && evidence !== undefined)
    .toSorted((a, b) => b.words! - a.words! || a.chunkId - b.chunkId)
    .slice(0, BEST_BY_WORDS);
  if (best.length === 0) return vector[kind];
  const covered = best.reduce((sum, { evidence }) => sum + evidence!.wordShare, 0) / best.length;
  const share = vector[kind] - meaningByWordShare * (covered - usualWordShare);
  return Math.min(MOST_SHARE, Math.max(1 - MOST_SHARE, share));
}

/**
 * A file with several good chunks is about the matter: the sum of their squares, against that of the file with the most.
 * Chunks are compared by the usual share of meaning: the one of this query rests on three chunks. Tests and guides are
 * long and all about one matter: the lower a kind of file, the less coherence it has (a test .03 of it, a guide .18), and
 * nothing is set against what it would have.
 */
function addCoherence(
  ranked: readonly ScoredChunk[],
  ranges: LegRanges,
  share: number,
  { coherence, coherentChunks, coherenceOfKind, kind: kinds }: RankingWeights,
): void {
  const best = new Map<number, number[]>();
  for (let index = 0; index < ranked.length; index++) {
    const { candidate, lexical, kind } = ranked[index]!;
    if (candidate.isFurther === true) continue;
    // Squared: one good chunk says more than two that hardly match.
    const own = matchOf(lexical, candidate.vector, ranges, share) ** 2 * kinds[kind] ** coherenceOfKind;
    const list = best.get(candidate.fileId);
    if (list === undefined) best.set(candidate.fileId, [own]);
    else if (list.length < coherentChunks) list.push(own);
    else {
      const least = list.indexOf(Math.min(...list));
      if (own > list[least]!) list[least] = own;
    }
  }
  let most = 0;
  for (const list of best.values()) most = Math.max(most, sumOf(list));
  if (most === 0) return;
  for (let index = 0; index < ranked.length; index++) {
    const entry = ranked[index]!;
    const own = best.get(entry.candidate.fileId);
    if (own !== undefined) entry.addCoherence((coherence * sumOf(own)) / most);
  }
}

function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum;
}

/**
 * A chunk that defines what the query names, or has the query's words and no others for its heading; or, for a query in
 * words, defines something with some of these words in its name.
 */
function definitionPart(
  { symbol, evidence }: Candidate,
  { names, kind, terms }: UnderstoodQuery,
  stems: Stems,
  weights: RankingWeights,
): number {
  const defined = evidence?.defines ?? (symbol === undefined ? [] : [symbol]);
  // Of a name, its parts are words too: `Timeout` is not what `DEFAULT_TIMEOUT` names.
  const named = kind === 'name' && names.length === 0 ? terms : names;
  let best = 0;
  for (let place = 0; place < defined.length; place++) {
    const name = defined[place]!;
    const lower = name.toLowerCase();
    if (named.includes(lower)) return weights.definition;
    if (!stems.mayBeIn(lower)) continue; // to take a name apart takes longer
    const words = splitIdentifier(name);
    let matched = 0;
    let areAllOfQuery = true;
    const met = new Set<string>();
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!.toLowerCase();
      const stemmed = stem(word);
      if (stems.has(stemmed)) {
        matched++;
        met.add(stemmed);
      } else areAllOfQuery &&= isStopWord(word);
    }
    if (areAllOfQuery && met.size === stems.count) return weights.definition;
    best = Math.max(best, matched < 2 ? 0 : matched / Math.max(words.length, 2));
  }
  return weights.definitionWords * best;
}
