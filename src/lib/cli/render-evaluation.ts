import type { Estimate } from '../evaluation/bootstrap.js';
import { type EvaluationResult, type SliceResult, SYSTEMS } from '../evaluation/evaluate.js';
import { METRICS } from '../evaluation/metrics.js';
import { plural, printable } from './format.js';
import type { Palette } from './palette.js';

const NAMES = {
  'whole-files': 'words, whole files',
  lexical: 'words',
  vector: 'vectors',
  'hybrid-unranked': 'hybrid, no ranking',
  hybrid: 'hybrid',
} as const;
const HEADINGS = ['nDCG@10', 'Recall@10', 'MRR@10', 'success@1'];
const WIDTH = 23;

/** The figures of an evaluation as tables, a slice each. */
export function renderEvaluation(result: EvaluationResult, withSlices: boolean, palette: Palette): string {
  const slices = withSlices ? result.slices : result.slices.slice(0, 1);
  const tables = slices.map((slice) => table(slice, result, palette));
  const failed = result.failed > 0 ? `${plural(result.failed, 'answer')} failed and counted 0.\n` : '';
  return `${tables.join('\n')}${failed}`;
}

function table(slice: SliceResult, { milliseconds }: EvaluationResult, palette: Palette): string {
  const isAll = slice.name === 'all';
  const head = `${palette.bold(printable(slice.name))}  ${plural(slice.queries, 'question')}`;
  const columns = [...HEADINGS, 'hybrid gains', ...(isAll ? ['ms a question'] : [])];
  const lines = [head, palette.dim(row(['', ...columns]))];
  for (const system of SYSTEMS) {
    const estimates = slice.systems[system];
    if (estimates === undefined) continue;
    const gain = slice.gain[system];
    const cells = METRICS.map((metric) => interval(estimates[metric]));
    const time = isAll ? [String(milliseconds[system] ?? '')] : [];
    lines.push(row([NAMES[system], ...cells, gain ? interval(gain, true) : '', ...time]));
  }
  return `${lines.join('\n')}\n`;
}

function row([first = '', ...rest]: readonly string[]): string {
  return `  ${first.padEnd(WIDTH)}${rest.map((cell) => cell.padEnd(WIDTH)).join('')}`.trimEnd();
}

/** `.743 (.701 to .782)` */
function interval({ mean, low, high }: Estimate, isSigned = false): string {
  const sign = isSigned && mean > 0 ? '+' : '';
  return `${sign}${share(mean)} (${share(low)} to ${share(high)})`;
}

function share(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, '$1.');
}
