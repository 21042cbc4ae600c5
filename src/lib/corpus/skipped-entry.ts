import type { SkippedEntry, SkipReason } from './types.js';

export function skipped(path: string, reason: SkipReason, detail?: string): SkippedEntry {
  return detail === undefined ? { kind: 'skipped', path, reason } : { kind: 'skipped', path, reason, detail };
}

export function notReadable(path: string, error: unknown): SkippedEntry {
  return skipped(path, 'not-readable', (error as NodeJS.ErrnoException).code ?? String(error));
}
