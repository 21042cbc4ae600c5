import * as Flags from '@oclif/core/flags';
import { EmbedSearchError } from '../errors.js';

/** Flags that mean the same in every command. Each has EMBED_SEARCH_<NAME> as its environment variable. */
export const commonFlags = {
  'log-level': Flags.option({
    options: ['error', 'warn', 'info', 'debug'] as const,
    description: 'How much to say on stderr.',
    default: 'info' as const,
    env: 'EMBED_SEARCH_LOG_LEVEL',
    helpGroup: 'GLOBAL',
  })(),
};

export const pathFlag = Flags.string({
  description: 'The folder to work on; default: the current one.',
  helpValue: 'DIR',
  env: 'EMBED_SEARCH_PATH',
});

export const indexDirFlag = Flags.string({
  description: 'Where the index is; default: .embed-search in the folder that is indexed.',
  helpValue: 'DIR',
  env: 'EMBED_SEARCH_INDEX_DIR',
});

const UNITS: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A number of bytes with an optional unit: 500000, 512K, 2MB, 1GiB. */
export const bytesFlag = Flags.custom<number>({
  helpValue: 'BYTES',
  parse: (input, _context, options) => {
    const match = /^(\d+(?:\.\d+)?)\s*(?:([kmg])(?:i?b)?|b)?$/i.exec(input.trim());
    const bytes = match ? Math.floor(Number(match[1]) * UNITS[(match[2] ?? '').toLowerCase()]!) : Number.NaN;
    if (bytes > 0) return Promise.resolve(bytes);
    throw new EmbedSearchError('USAGE', `--${options.name} takes a number of bytes, not "${input}".`, {
      fix: `For example: --${options.name} 512K, or --${options.name} 2MB.`,
    });
  },
});

/** Flags of the commands that may start an embedder. */
export const embedderFlags = {
  model: Flags.string({
    description: 'Embedding model: the name of one, or a GGUF file; default: the one that ships.',
    helpValue: 'NAME|FILE',
    env: 'EMBED_SEARCH_MODEL',
    helpGroup: 'EMBEDDER',
  }),
  runtime: Flags.option({
    options: ['auto', 'direct', 'compat'] as const,
    description: 'How llama.cpp is reached: its binding directly, or the public API of node-llama-cpp.',
    default: 'auto' as const,
    env: 'EMBED_SEARCH_RUNTIME',
    helpGroup: 'EMBEDDER',
  })(),
  lanes: Flags.integer({
    description:
      'Texts embedded at the same time, one thread each; default: 1, and for index the number of cores.',
    helpValue: 'N',
    min: 1,
    max: 64,
    env: 'EMBED_SEARCH_LANES',
    helpGroup: 'EMBEDDER',
  }),
  memory: Flags.option({
    options: ['auto', 'fast', 'lean'] as const,
    description:
      'What to spare: lean keeps the embedder small, fast uses all lanes; auto takes lean where memory is short.',
    default: 'auto' as const,
    env: 'EMBED_SEARCH_MEMORY',
    helpGroup: 'EMBEDDER',
  })(),
  'max-embedder-memory': bytesFlag({
    description:
      'Own memory of the embedder, beside the model file that it maps, over which it is started anew; ' +
      'default: well above what the model and its lanes are seen to take.',
    env: 'EMBED_SEARCH_MAX_EMBEDDER_MEMORY',
    helpGroup: 'EMBEDDER',
  }),
};
