import { walkFlags } from '../indexing/index-command.js';
import { printable } from './format.js';

/** That a run goes by other rules than the last one, and how to keep those; undefined where it does not. */
export function rulesWarning(notKept: Parameters<typeof walkFlags>[0]): string | undefined {
  const flags = walkFlags(notKept);
  if (flags.length === 0) return undefined;
  const { include, exclude, maxFileSize } = notKept;
  const settings = { include, exclude, 'max-file-size': maxFileSize };
  return printable(
    `The last run had ${flags.join(' ')}, and this one has not: it takes other files. To keep that, give it again, or ` +
      `write ${JSON.stringify(settings)} into embed-search.config.json.`,
  );
}
