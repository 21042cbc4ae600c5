import type { MemoryReport } from '../memory.js';
import { formatBytes } from './format.js';

/** One line: this process and its embedder, and of that the part that is its own. */
export function renderMemory({ host, embedder }: MemoryReport): string {
  const parts = [
    `this process ${formatBytes(host.peakRssBytes)} at its peak (V8 heap ${formatBytes(host.v8HeapUsedBytes)})`,
  ];
  if (embedder) {
    const { anonymousBytes, fileBackedBytes, rssBytes } = embedder;
    const split =
      anonymousBytes === null || fileBackedBytes === null
        ? formatBytes(rssBytes ?? 0)
        : `${formatBytes(anonymousBytes)} its own + ${formatBytes(fileBackedBytes)} mapped files`;
    parts.push(`embedder ${split}`);
  }
  return `Memory: ${parts.join('; ')}.`;
}
