import { EmbedSearchError, type ErrorCode } from '../errors.js';
import type { Subject } from './subject.js';

export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** Which part is to blame when a check fails; decides the exit code. */
export type CheckArea = 'index' | 'model' | 'embedder' | 'machine';

/** Figures and closed sets of words only: they go into a report that strangers read. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** What a check saw. */
export interface Finding {
  readonly status: CheckStatus;
  readonly detail: string;
  readonly fix?: string;
  readonly facts?: Facts;
}

/** One entry of doctor's result. */
export interface Check extends Finding {
  readonly id: string;
  readonly title: string;
}

export interface CheckDefinition {
  readonly id: string;
  readonly title: string;
  readonly area: CheckArea;
  /** Ids of earlier checks without which this one can see nothing. */
  readonly needs?: readonly string[];
  readonly run: (subject: Subject) => Finding | Promise<Finding>;
}

const AREA_CODES: Readonly<Record<CheckArea, ErrorCode>> = {
  index: 'INDEX_DAMAGED',
  model: 'MODEL_INVALID',
  embedder: 'EMBEDDER_FAILED',
  machine: 'MACHINE',
};

export interface Examination {
  readonly checks: readonly Check[];
  /** Of the first check that failed: its own error, or one of its area. */
  readonly error: EmbedSearchError | null;
}

/** Runs the checks in their order and tells of each as it ends. A check that throws an EmbedSearchError has failed. */
export async function examine(
  definitions: readonly CheckDefinition[],
  subject: Subject,
  onCheck: (check: Check) => void,
): Promise<Examination> {
  const checks: Check[] = [];
  let error: EmbedSearchError | null = null;
  for (const { id, title, area, needs = [], run } of definitions) {
    subject.signal?.throwIfAborted();
    const missing = checks.find((check) => needs.includes(check.id) && !isUsable(check));
    let finding: Finding;
    try {
      finding = missing ? { status: 'skip', detail: `needs "${missing.title}"` } : await run(subject);
      if (finding.status === 'fail') error ??= failure(area, title, finding);
    } catch (thrown) {
      subject.signal?.throwIfAborted();
      if (!(thrown instanceof EmbedSearchError)) throw thrown;
      error ??= thrown;
      finding = { status: 'fail', detail: thrown.message, fix: thrown.fix, facts: { error: thrown.code } };
    }
    const check = { id, title, ...finding };
    checks.push(check);
    onCheck(check);
  }
  return { checks, error };
}

function isUsable({ status }: Check): boolean {
  return status === 'pass' || status === 'warn';
}

function failure(area: CheckArea, title: string, { detail, fix }: Finding): EmbedSearchError {
  return new EmbedSearchError(AREA_CODES[area], `${title}: ${detail}`, fix === undefined ? {} : { fix });
}
