import type { InstalledModel, KnownModel } from '../catalog/list-models.js';
import type { ExpectedMode, ModelUse } from '../diagnostics/model-use.js';
import { formatBytes, formatCount, printable } from './format.js';
import type { Palette } from './palette.js';

interface Listed {
  readonly folder: string;
  readonly installed: readonly InstalledModel[];
  readonly known?: readonly KnownModel[];
}

/** The models that are there, one a line. */
export function renderModelList({ folder, installed, known }: Listed, palette: Palette): string {
  const lines = installed.map((model) => {
    const what =
      model.problem === undefined
        ? `${formatBytes(model.bytes ?? 0)}, ${model.dimensions} dimensions, ${model.profile ? `known as ${model.profile}` : 'not known here: used by what its file says'}${model.isShipped ? ', ships with embed-search' : ''}`
        : palette.yellow(`cannot be used: ${printable(model.problem)}`);
    return `${palette.bold(printable(model.name))}  ${what}`;
  });
  lines.push(palette.dim(`Models folder: ${printable(folder)}`));
  if (known) {
    lines.push('', 'Known by their cards:');
    for (const model of known) {
      const facts = `${model.dimensions} dimensions, ${formatCount(model.tokenLimit)} tokens, ${formatCount(model.parameters)} million parameters, ${model.licence}`;
      lines.push(
        `${palette.bold(model.name)}  ${facts}${model.canBePulled ? '' : palette.dim(' (no GGUF known: give model pull an address)')}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** What will be done with a model. */
export function renderModelUse(use: ModelUse, palette: Palette): string {
  const rows: [string, string][] = [
    ['file', `${printable(use.path)}, ${formatBytes(use.bytes)}`],
    [
      'known as',
      use.profile
        ? `${use.profile.name} (${use.profile.licence}), ${use.profile.sources['pooling']}`
        : 'not known here: what follows is assumed from its file and your flags',
    ],
    ['architecture', printable(use.architecture)],
    [
      'vectors',
      use.dimensions === use.embeddingLength
        ? `${use.dimensions} dimensions`
        : `${use.dimensions} dimensions, cut from ${use.embeddingLength}`,
    ],
    ['pooling', use.pooling],
    ['limit', `${formatCount(use.tokenLimit)} tokens`],
    ['before queries', quoted(use.queryPrefix)],
    ['before documents', quoted(use.documentPrefix)],
    ...(use.lastToken === '' ? [] : [['ends with', use.lastToken] as [string, string]]),
    ['weights', `${use.weights.join(', ')}; ${repacking(use)}`],
    ...use.memory.map((mode): [string, string] => [
      `${mode.memory}, ${mode.lanes} ${mode.lanes === 1 ? 'lane' : 'lanes'}`,
      memory(mode, use.bytes),
    ]),
    ['auto, now', `index: ${planned(use.auto.index)}; query: ${planned(use.auto.query)}`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `  ${palette.dim(label.padEnd(width))}  ${value}`);
  return `${palette.bold(printable(use.id))}\n${lines.join('\n')}\n`;
}

function quoted(prefix: string): string {
  return prefix === '' ? 'nothing' : JSON.stringify(prefix);
}

function repacking({ repacks, leanLibrary }: ModelUse): string {
  if (repacks === null) return 'whether this machine’s backend copies them is not known';
  if (!repacks) return 'used as they lie in the file';
  return `copied into another layout, but for --memory lean${leanLibrary === '' ? '' : ` (${leanLibrary})`}`;
}

function memory({ anonymousBytes, repackedBytes }: ExpectedMode, fileBytes: number): string {
  const copies = repackedBytes > 0 ? `, ${formatBytes(repackedBytes)} of it copied weights` : '';
  return `about ${formatBytes(anonymousBytes)} of its own${copies}, beside ${formatBytes(fileBytes)} mapped`;
}

function planned({ lean, lanes }: { readonly lean: boolean; readonly lanes: number }): string {
  return `${lean ? 'lean' : 'fast'}, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`;
}
