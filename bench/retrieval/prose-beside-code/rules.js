// Rules by which code could stand before prose in a folder of both, for run.js: each takes the ranking of a query and
// gives what a chunk scores instead.
import { contentKind } from '../../../dist/lib/corpus/language.js';
import { isProse } from '../../../dist/lib/search/file-kind.js';

/**
 * @typedef {import('../../../dist/lib/search/rank.js').RankedChunk} RankedChunk
 * @typedef {import('../../../dist/lib/search/score-parts.js').ScoreParts} ScoreParts
 * @typedef {{counts: readonly {language: string, files: number, chunks: number}[], asksForProse: boolean}} Folder
 * @typedef {(ranked: readonly RankedChunk[], folder: Folder) => (entry: RankedChunk) => number} Rule
 */

/** Share of the files (or chunks) of a folder that are code. */
function codeShare(/** @type {Folder} */ { counts }, /** @type {'files' | 'chunks'} */ unit) {
  let [code, all] = [0, 0];
  for (const { language, [unit]: count } of counts) {
    all += count;
    if (contentKind(language) === 'code') code += count;
  }
  return all === 0 ? 0 : code / all;
}

/** The sum of the parts, some of them counted less or more, and then the kind of the file as it was. */
function withParts(
  /** @type {RankedChunk} */ { parts, score },
  /** @type {Partial<Record<keyof ScoreParts, number>>} */ times,
) {
  const good = score - parts.kind - parts.excluded;
  const factor = good === 0 ? 1 : (good + parts.kind) / good;
  let changed = good;
  for (const [part, by] of Object.entries(times))
    changed += (by - 1) * parts[/** @type {keyof ScoreParts} */ (part)];
  return changed * factor + parts.excluded;
}

/**
 * What prose scores is multiplied, unless the query asks for it: in a folder of code alone by all of the factor, in one
 * of prose alone not at all. Changelogs, examples and tests are lowered as before and no further, unless `all`.
 *
 * @param {number} factor
 * @param {{scale?: 'files' | 'chunks' | 'mostly', asked?: boolean, all?: boolean}} [options] `mostly`: the whole factor
 *   from half of the files on
 * @returns {Rule}
 */
function lowered(factor, { scale = 'files', asked = true, all = false } = {}) {
  return (_ranked, folder) => {
    const share = codeShare(folder, scale === 'chunks' ? 'chunks' : 'files');
    const by = 1 - (1 - factor) * (scale === 'mostly' ? Math.min(1, 2 * share) : share);
    const spared = asked && folder.asksForProse;
    return ({ candidate, score, parts, kind }) => {
      const isLowered = !spared && isProse(candidate.path) && (all || kind === 'document');
      return isLowered ? (score - parts.excluded) * by + parts.excluded : score;
    };
  };
}

/**
 * The same, as far as a chunk of code has the words of the query that the best chunk of prose has: not at all where it
 * has half of them.
 *
 * @param {number} factor
 * @param {'wordShare' | 'vector'} by which share
 * @returns {Rule}
 */
function loweredWhereCodeSaysIt(factor, by) {
  return (ranked, folder) => {
    const best = { code: 0, prose: 0 };
    for (const { candidate, parts } of ranked) {
      const kind = isProse(candidate.path) ? 'prose' : 'code';
      const share = by === 'vector' ? parts.vector : (candidate.evidence?.wordShare ?? 0);
      best[kind] = Math.max(best[kind], share);
    }
    const ratio = best.prose === 0 ? 1 : Math.min(1, best.code / best.prose);
    const share = codeShare(folder, 'files') * Math.max(0, 2 * ratio - 1);
    const spared = folder.asksForProse;
    const times = 1 - (1 - factor) * share;
    return ({ candidate, score, parts, kind }) =>
      !spared && isProse(candidate.path) && kind === 'document'
        ? (score - parts.excluded) * times + parts.excluded
        : score;
  };
}

/**
 * Some parts count less for prose where the folder is code.
 *
 * @param {Partial<Record<keyof ScoreParts, number>>} times
 * @returns {Rule}
 */
function partsOfProse(times) {
  return (_ranked, folder) => {
    const share = codeShare(folder, 'files');
    const scaled = Object.fromEntries(
      Object.entries(times).map(([part, by]) => [part, 1 - (1 - by) * share]),
    );
    const spared = folder.asksForProse;
    return (entry) => (isProse(entry.candidate.path) && !spared ? withParts(entry, scaled) : entry.score);
  };
}

/**
 * Chunks of code that define something with the query's words in its name get more.
 *
 * @param {number} by
 * @returns {Rule}
 */
function definitions(by) {
  return (_ranked, folder) => {
    const share = codeShare(folder, 'files');
    const isMixed = share < 1 && share > 0;
    return (entry) =>
      isMixed && !isProse(entry.candidate.path) ? withParts(entry, { definition: by }) : entry.score;
  };
}

/** Coherence of code is measured against the best file of code, that of prose against the best file of prose. @type {Rule} */
const coherenceByKind = (ranked) => {
  const most = { code: 0, prose: 0, all: 0 };
  for (const { candidate, parts } of ranked) {
    const kind = isProse(candidate.path) ? 'prose' : 'code';
    most[kind] = Math.max(most[kind], parts.coherence);
    most.all = Math.max(most.all, parts.coherence);
  }
  return (entry) => {
    const own = most[isProse(entry.candidate.path) ? 'prose' : 'code'];
    return own === 0 ? entry.score : withParts(entry, { coherence: most.all / own });
  };
};

/** @type {Readonly<Record<string, Rule>>} */
export const RULES = {
  'no rule': () => (entry) => entry.score,
  'prose x .95': lowered(0.95),
  'prose x .9': lowered(0.9),
  'prose x .8': lowered(0.8),
  'prose x .7': lowered(0.7),
  'prose x .6': lowered(0.6),
  'prose x .5': lowered(0.5),
  'prose x .7, by chunks': lowered(0.7, { scale: 'chunks' }),
  'prose x .8, from half on': lowered(0.8, { scale: 'mostly' }),
  'prose x .8, changelogs too': lowered(0.8, { all: true }),
  'prose x .8, whatever is asked': lowered(0.8, { asked: false }),
  'prose x .7, whatever is asked': lowered(0.7, { asked: false }),
  'prose x .8, where code has the words': loweredWhereCodeSaysIt(0.8, 'wordShare'),
  'prose x .7, where code has the words': loweredWhereCodeSaysIt(0.7, 'wordShare'),
  'prose x .5, where code has the words': loweredWhereCodeSaysIt(0.5, 'wordShare'),
  'prose x .8, where code has the meaning': loweredWhereCodeSaysIt(0.8, 'vector'),
  'prose x .7, where code has the meaning': loweredWhereCodeSaysIt(0.7, 'vector'),
  'coherence of prose x .5': partsOfProse({ coherence: 0.5 }),
  'coherence of prose x 0': partsOfProse({ coherence: 0 }),
  'definition of prose x 0': partsOfProse({ definition: 0 }),
  'file name of prose x 0': partsOfProse({ fileName: 0 }),
  'share of words of prose x .5': partsOfProse({ wordShare: 0.5 }),
  'coherence and share of words of prose x .5': partsOfProse({ coherence: 0.5, wordShare: 0.5 }),
  'definitions of code x 2': definitions(2),
  'definitions of code x 3': definitions(3),
  'coherence by kind': coherenceByKind,
};
