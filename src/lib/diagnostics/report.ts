import type { Check } from './check.js';
import type { MemoryReport } from '../memory.js';

/**
 * A text for a bug report. It is made of ids, statuses and facts only: details and fixes may name files or folders of
 * the user.
 */
export function reportText(version: string, checks: readonly Check[], memory: MemoryReport): string {
  const lines = [`embed-search ${version}`, ''];
  for (const { id, status, facts = {} } of checks) {
    const figures = Object.entries(facts).map(([name, value]) => `${name}=${String(value)}`);
    lines.push([status.padEnd(4), id.padEnd(18), ...figures].join(' ').trimEnd());
  }
  lines.push('', `memory ${JSON.stringify(memory)}`);
  return `${lines.join('\n')}\n`;
}
