import type { Check, CheckStatus } from '../diagnostics/check.js';
import { printable } from './format.js';
import type { Palette } from './palette.js';

const SIGNS: Readonly<Record<CheckStatus, string>> = { pass: '✔', warn: '!', fail: '✘', skip: '-' };

/** One check, for people, as it ends; what to do about it on a line of its own. */
export function renderCheck({ title, status, detail, fix }: Check, palette: Palette): string {
  const paint = { pass: palette.green, warn: palette.yellow, fail: palette.red, skip: palette.dim }[status];
  const line = `${paint(SIGNS[status])} ${title.padEnd(26)} ${palette.dim(printable(detail))}\n`;
  return fix === undefined || status === 'pass' ? line : `${line}  ${palette.yellow(printable(fix))}\n`;
}

/** How it all came out. */
export function renderVerdict(checks: readonly Check[], palette: Palette): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  const [failed, warnings, skipped] = [count('fail'), count('warn'), count('skip')];
  const verdict =
    failed > 0 ? palette.red(`${failed} failed`) : palette.green(warnings > 0 ? 'It works' : 'All well');
  const more = [warnings > 0 ? `${warnings} to look at` : '', skipped > 0 ? `${skipped} skipped` : ''].filter(
    Boolean,
  );
  return `${[verdict, ...more].join(', ')}.\n`;
}
