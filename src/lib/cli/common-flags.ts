import * as Flags from '@oclif/core/flags';
import { parseBytes } from '../config/byte-size.js';
import { EmbedSearchError } from '../errors.js';

/** Flags that mean the same in every command. Each has EMBED_SEARCH_<NAME> as its environment variable. */
export const commonFlags = {
  json: Flags.boolean({
    description: 'Print one JSON document, and nothing else, on stdout.',
    env: 'EMBED_SEARCH_JSON',
    helpGroup: 'GLOBAL',
  }),
  'log-level': Flags.option({
    options: ['error', 'warn', 'info', 'debug'] as const,
    description: 'How much to say on stderr; debug also says what was decided, and when.',
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

/** A number of bytes with an optional unit: 500000, 512K, 2MB, 1GiB. */
export const bytesFlag = Flags.custom<number>({
  helpValue: 'BYTES',
  parse: (input, _context, options) => {
    const bytes = parseBytes(input);
    if (bytes !== undefined) return Promise.resolve(bytes);
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
  device: Flags.option({
    options: ['auto', 'cpu', 'gpu'] as const,
    description: 'Where to compute; auto takes a GPU where a binding of llama.cpp for it is installed.',
    default: 'auto' as const,
    env: 'EMBED_SEARCH_DEVICE',
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

/** What a user says of a model, over what its profile and its file say; part of what an index is made with. */
export const modelFlags = {
  pooling: Flags.option({
    options: ['mean', 'cls', 'last'] as const,
    description:
      "How a text's vector is made of its tokens', where the model's file does not say it, or wrongly.",
    env: 'EMBED_SEARCH_POOLING',
    helpGroup: 'MODEL',
  })(),
  'query-prefix': Flags.string({
    description: "What the model's card wants in front of a query; known models need no flag.",
    helpValue: 'TEXT',
    env: 'EMBED_SEARCH_QUERY_PREFIX',
    helpGroup: 'MODEL',
  }),
  'document-prefix': Flags.string({
    description: "What the model's card wants in front of a document; known models need no flag.",
    helpValue: 'TEXT',
    env: 'EMBED_SEARCH_DOCUMENT_PREFIX',
    helpGroup: 'MODEL',
  }),
  dimensions: Flags.integer({
    description: 'Cut vectors to so many numbers, where the model was trained for that (Matryoshka).',
    helpValue: 'N',
    min: 8,
    max: 65_536,
    env: 'EMBED_SEARCH_DIMENSIONS',
    helpGroup: 'MODEL',
  }),
};

interface ModelChoiceFlags {
  readonly pooling?: 'mean' | 'cls' | 'last' | undefined;
  readonly 'query-prefix'?: string | undefined;
  readonly 'document-prefix'?: string | undefined;
  readonly dimensions?: number | undefined;
}

/** These flags as the jobs take them. */
export function modelChoices(flags: ModelChoiceFlags) {
  return {
    pooling: flags.pooling,
    queryPrefix: flags['query-prefix'],
    documentPrefix: flags['document-prefix'],
    dimensions: flags.dimensions,
  };
}

/** All that `embedderFlags` and `modelFlags` say, as the jobs take it: none is left behind on the way. */
export function embedderChoices(
  flags: ModelChoiceFlags & {
    readonly model?: string | undefined;
    readonly runtime: 'auto' | 'direct' | 'compat';
    readonly device: 'auto' | 'cpu' | 'gpu';
    readonly lanes?: number | undefined;
    readonly memory: 'auto' | 'fast' | 'lean';
    readonly 'max-embedder-memory'?: number | undefined;
  },
) {
  const { model, runtime, device, lanes, memory, 'max-embedder-memory': maxEmbedderMemory } = flags;
  return { model, choices: modelChoices(flags), runtime, device, lanes, memory, maxEmbedderMemory };
}
