import { stat } from 'node:fs/promises';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { fingerprintFile } from './fingerprint.js';
import { readGgufMetadata, type GgufMetadata } from './gguf-metadata.js';
import { modelId } from './model-id.js';
import { findProfile, type ModelProfile } from './profiles.js';
import type { KnownModelFile, ModelSpec, Pooling, TextNormalization } from './types.js';

/** Source: llama.h `enum llama_pooling_type`. */
const POOLING: Readonly<Record<number, Pooling | 'none' | 'rank'>> = {
  0: 'none',
  1: 'mean',
  2: 'cls',
  3: 'last',
  4: 'rank',
};

/**
 * What a GGUF file is and how it is to be used, from its metadata and, where the model is known, its profile. The
 * file is hashed unless `known` is the same path, size and time.
 * Errors: MODEL_MISSING, MODEL_INVALID, MODEL_UNSUITABLE (it gives no text embeddings), MODEL_CHANGED (it changed meanwhile).
 */
export async function describeModel(file: string, known?: KnownModelFile): Promise<ModelSpec> {
  const absolute = path.resolve(file);
  const metadata = await readGgufMetadata(absolute);
  refuseWhatIsNoWholeModel(absolute, metadata);

  const architecture = text(metadata, 'general.architecture');
  if (architecture === undefined) throw invalid(absolute, 'it does not say its architecture');
  const dimensions = positiveInteger(absolute, metadata, `${architecture}.embedding_length`);
  const contextLength = positiveInteger(absolute, metadata, `${architecture}.context_length`);
  const profile = findProfile(
    architecture,
    text(metadata, 'general.name') ?? path.parse(absolute).name,
    dimensions,
  );
  const spec = {
    id: modelId(absolute, text(metadata, 'general.name'), metadata.values.get('general.file_type')),
    path: absolute,
    bytes: metadata.bytes,
    mtimeMs: metadata.mtimeMs,
    architecture,
    dimensions,
    pooling: poolingOf(absolute, metadata, architecture, profile),
    tokenLimit: Math.min(contextLength, profile?.tokenLimit ?? contextLength),
    queryPrefix: profile?.queryPrefix ?? '',
    documentPrefix: profile?.documentPrefix ?? '',
    normalization: profile?.normalization ?? (await normalizationOf(absolute, metadata)),
  };
  return { ...spec, sha256: await fingerprintOnce(spec, known) };
}

function refuseWhatIsNoWholeModel(file: string, metadata: GgufMetadata): void {
  const parts = metadata.values.get('split.count');
  if (typeof parts === 'number' && parts > 1) {
    throw new EmbedSearchError('MODEL_UNSUITABLE', `${file} is one of the ${parts} parts of a split model.`, {
      fix: 'Join the parts with llama.cpp: llama-gguf-split --merge FIRST_PART WHOLE_FILE',
    });
  }
  const type = text(metadata, 'general.type') ?? 'model';
  if (type !== 'model') {
    throw new EmbedSearchError(
      'MODEL_UNSUITABLE',
      `${file} is no model but a part for one (${printable(type)}).`,
    );
  }
  if (metadata.tensorCount === 0) {
    throw new EmbedSearchError('MODEL_UNSUITABLE', `${file} holds a vocabulary but no weights.`);
  }
}

function poolingOf(
  file: string,
  metadata: GgufMetadata,
  architecture: string,
  profile: ModelProfile | undefined,
): Pooling {
  const stated = metadata.values.get(`${architecture}.pooling_type`);
  const pooling = stated === undefined ? undefined : POOLING[Number(stated)];
  if (pooling === 'mean' || pooling === 'cls' || pooling === 'last') return pooling;
  if (pooling === 'rank') {
    throw new EmbedSearchError(
      'MODEL_UNSUITABLE',
      `${file} is a reranking model: it scores pairs of texts and gives no vectors.`,
    );
  }
  // Without a pooling key llama.cpp gives the state of the last token, which is right for these models only.
  if (stated === undefined && profile?.pooling === 'last') return 'last';
  const says =
    stated === undefined
      ? 'does not say how it pools'
      : `says pooling type ${printable(String(stated))}, which gives no vector of a text`;
  throw new EmbedSearchError(
    'MODEL_UNSUITABLE',
    `${file} (architecture ${printable(architecture)}) ${says}: it looks like a generative model, whose vectors would be meaningless.`,
    {
      fix: `Name an embedding model with --model FILE; if it is one, convert it again so that ${architecture}.pooling_type is set.`,
    },
  );
}

/** llama.cpp's WordPiece tokenizer lower-cases but leaves Hangul and some accents composed, which an uncased vocabulary does not know. */
async function normalizationOf(file: string, metadata: GgufMetadata): Promise<TextNormalization> {
  if (metadata.values.get('tokenizer.ggml.model') !== 'bert') return 'none';
  const { arrays } = await readGgufMetadata(file, { arrays: ['tokenizer.ggml.tokens'] });
  const tokens = arrays.get('tokenizer.ggml.tokens') ?? [];
  const isCased = tokens.some((token) => /^\u2581?\p{Lu}/u.test(String(token)));
  return isCased ? 'none' : 'nfd-without-marks';
}

async function fingerprintOnce(
  file: Omit<KnownModelFile, 'sha256'>,
  known: KnownModelFile | undefined,
): Promise<string> {
  if (known !== undefined && known.path === file.path && isSame(known, file)) return known.sha256;
  const sha256 = await fingerprintFile(file.path);
  const now = await stat(file.path);
  if (!isSame({ bytes: now.size, mtimeMs: now.mtimeMs }, file)) {
    throw new EmbedSearchError('MODEL_CHANGED', `The model file ${file.path} changed while it was read.`);
  }
  return sha256;
}

function isSame(
  a: Pick<KnownModelFile, 'bytes' | 'mtimeMs'>,
  b: Pick<KnownModelFile, 'bytes' | 'mtimeMs'>,
): boolean {
  return a.bytes === b.bytes && a.mtimeMs === b.mtimeMs;
}

function text(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.values.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function positiveInteger(file: string, metadata: GgufMetadata, key: string): number {
  const value = metadata.values.get(key);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 31) {
    throw invalid(file, `${printable(key)} is ${value === undefined ? 'missing' : printable(String(value))}`);
  }
  return value;
}

function invalid(file: string, what: string): EmbedSearchError {
  return new EmbedSearchError('MODEL_INVALID', `${file} is not a usable GGUF file: ${what}.`);
}

/** What a file says about itself can hold anything, a terminal's control characters too. */
function printable(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}
