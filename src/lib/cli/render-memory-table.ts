import type { MemoryReport } from '../memory.js';
import { formatBytes } from './format.js';
import type { Palette } from './palette.js';

const BAR_CELLS = 30;

interface Part {
  readonly name: string;
  readonly bytes: number | null;
}

interface Row {
  readonly name: string;
  readonly rssBytes: number | null;
  /** The two parts that a bar shows: what only this process has, and what it could give back. */
  readonly own: number | null;
  readonly parts: readonly Part[];
}

/** V8 against child: a row and, on a terminal, a bar for each process, then what the figures mean. */
export function renderMemoryTable(
  { host, embedder }: MemoryReport,
  palette: Palette,
  options: { readonly bars: boolean; readonly hostPid?: number },
): string {
  const rows: Row[] = [
    {
      name: `host${options.hostPid === undefined ? '' : ` (pid ${options.hostPid})`}`,
      rssBytes: host.rssBytes,
      own: host.v8HeapUsedBytes,
      parts: [
        { name: 'V8 heap used', bytes: host.v8HeapUsedBytes },
        { name: 'reserved', bytes: host.v8HeapTotalBytes },
        { name: 'limit', bytes: host.v8HeapLimitBytes },
        { name: 'outside V8', bytes: host.externalBytes },
      ],
    },
  ];
  if (embedder) {
    rows.push({
      name: `embedder (pid ${embedder.pid}, ${embedder.state})`,
      rssBytes: embedder.rssBytes,
      own: embedder.anonymousBytes,
      parts: [
        { name: 'its own', bytes: embedder.anonymousBytes },
        { name: 'mapped files', bytes: embedder.fileBackedBytes },
        { name: 'model file', bytes: embedder.modelFileBytes },
      ],
    });
  }
  const width = Math.max(...rows.map(({ name }) => name.length));
  const largest = Math.max(...rows.map(({ rssBytes }) => rssBytes ?? 0));
  const lines = rows.flatMap(({ name, rssBytes, own, parts }) => {
    const text = parts.map((part) => `${part.name} ${bytesOrUnknown(part.bytes)}`).join(', ');
    const line = `${name.padEnd(width)}  ${bytesOrUnknown(rssBytes).padStart(7)}  ${palette.dim(text)}`;
    return options.bars && rssBytes !== null
      ? [line, `${''.padEnd(width)}  ${bar(rssBytes, own, largest, palette)}`]
      : [line];
  });
  lines.push(palette.dim(meaning(embedder !== null)));
  return `${lines.join('\n')}\n`;
}

function bar(rss: number, own: number | null, largest: number, palette: Palette): string {
  const cells = Math.max(1, Math.round((rss / largest) * BAR_CELLS));
  const filled = own === null ? 0 : Math.min(cells, Math.round((own / largest) * BAR_CELLS));
  return palette.cyan('█'.repeat(filled)) + palette.dim('░'.repeat(cells - filled));
}

function meaning(hasEmbedder: boolean): string {
  return hasEmbedder
    ? "The host holds no model: the embedder's own memory goes when it is unloaded, and its mapped files belong to the system's cache."
    : 'The host holds no model; an embedder runs only while texts are embedded.';
}

function bytesOrUnknown(bytes: number | null): string {
  return bytes === null ? 'unknown' : formatBytes(bytes);
}
