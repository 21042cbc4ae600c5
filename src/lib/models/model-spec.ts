import { stat } from 'node:fs/promises';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { dimensionsOf } from './dimensions.js';
import { fingerprintFile } from './fingerprint.js';
import { readGgufMetadata, type GgufMetadata } from './gguf-metadata.js';
import { modelId } from './model-id.js';
import { isCausal, modelShape, SHAPE_TENSORS } from './model-shape.js';
import { poolingOf } from './pooling.js';
import { printable } from './printable.js';
import { findProfile, PROFILES } from './profiles.js';
import type { ModelProfile } from './profiles/types.js';
import type { KnownModelFile, ModelChoices, ModelSpec, TextNormalization } from './types.js';

const ASKED_TENSORS = [...SHAPE_TENSORS, ...PROFILES.flatMap(({ neededTensors }) => neededTensors ?? [])];

/** Everything about a model but the hash of its file. */
export type ModelOutline = Omit<ModelSpec, 'sha256'>;

/**
 * What a GGUF file is and how it is to be used, from its metadata, from its profile where the model is known, and
 * from what the user says. The file is hashed unless `known` is the same path, size and time.
 * Errors: MODEL_MISSING, MODEL_INVALID, MODEL_UNSUITABLE (it gives no text embeddings), MODEL_CHANGED (it changed meanwhile).
 */
export async function describeModel(
  file: string,
  known?: KnownModelFile,
  choices: ModelChoices = {},
): Promise<ModelSpec> {
  const outline = await outlineModel(file, choices);
  return { ...outline, sha256: await fingerprintOnce(outline, known) };
}

/** The same without the hash, which takes a second a gigabyte. Errors: as describeModel, but MODEL_CHANGED. */
export async function outlineModel(file: string, choices: ModelChoices = {}): Promise<ModelOutline> {
  const absolute = path.resolve(file);
  const metadata = await readGgufMetadata(absolute, { tensors: ASKED_TENSORS });
  refuseWhatIsNoWholeModel(absolute, metadata);

  const architecture = text(metadata, 'general.architecture');
  if (architecture === undefined) throw invalid(absolute, 'it does not say its architecture');
  const embeddingLength = positiveInteger(absolute, metadata, `${architecture}.embedding_length`);
  const contextLength = positiveInteger(absolute, metadata, `${architecture}.context_length`);
  const profile = findProfile({
    architecture,
    names: namesOf(metadata),
    dimensions: embeddingLength,
    tokenizer: text(metadata, 'tokenizer.ggml.model'),
    vocabulary: metadata.arrayLengths.get('tokenizer.ggml.tokens'),
  });
  const { pooling, note: poolingNote } = poolingOf({
    file: absolute,
    architecture,
    stated: metadata.values.get(`${architecture}.pooling_type`),
    profile,
    chosen: choices.pooling,
  });
  const {
    dimensions,
    cut,
    note: cutNote,
  } = dimensionsOf(absolute, embeddingLength, profile, choices.dimensions);
  const id = modelId(absolute, text(metadata, 'general.name'), metadata.values.get('general.file_type'));
  const tokenLimit = Math.min(contextLength, profile?.tokenLimit ?? contextLength);
  const notes = [
    profile === undefined ? assumptions(id, pooling, tokenLimit, choices) : missingTensors(profile, metadata),
    poolingNote,
    cutNote,
  ];
  return {
    id,
    path: absolute,
    bytes: metadata.bytes,
    mtimeMs: metadata.mtimeMs,
    architecture,
    dimensions,
    embeddingLength,
    cut,
    pooling,
    tokenLimit,
    queryPrefix: choices.queryPrefix ?? profile?.queryPrefix ?? '',
    documentPrefix: choices.documentPrefix ?? profile?.documentPrefix ?? '',
    normalization: profile ? (profile.normalization ?? 'none') : await normalizationOf(absolute, metadata),
    lastToken: profile?.lastToken ?? '',
    profile: profile?.name ?? null,
    isCausal: isCausal(metadata, architecture),
    shape: modelShape(metadata, architecture, embeddingLength),
    weightTypes: Object.keys(metadata.tensors.matrixBytes),
    notes: notes.filter((note) => note !== undefined),
  };
}

/** A file may carry its name whole, or in the parts of the GGUF naming convention. */
function namesOf(metadata: GgufMetadata): string[] {
  const part = (key: string): string | undefined => text(metadata, `general.${key}`);
  const [basename, size, finetune, version] = ['basename', 'size_label', 'finetune', 'version'].map(part);
  const joined = [
    [basename],
    [basename, size],
    [basename, finetune],
    [basename, version],
    [basename, finetune, size],
    [basename, size, finetune],
    [basename, size, version],
  ].map((parts) => parts.filter((each) => each !== undefined).join('-'));
  return [...new Set([part('name') ?? '', ...(basename === undefined ? [] : joined)])];
}

function assumptions(id: string, pooling: string, tokenLimit: number, choices: ModelChoices): string {
  const prefixes = [
    choices.queryPrefix === undefined ? 'queries' : '',
    choices.documentPrefix === undefined ? 'documents' : '',
  ].filter(Boolean);
  const assumed = [
    `pooling ${pooling}${choices.pooling === undefined ? ' and' : ' by --pooling,'} at most ${tokenLimit} tokens by its file`,
    ...(prefixes.length > 0 ? [`no prefix before ${prefixes.join(' or ')}`] : []),
  ].join('; assumed: ');
  const flags = [
    ...(prefixes.includes('queries') ? ['--query-prefix'] : []),
    ...(prefixes.includes('documents') ? ['--document-prefix'] : []),
  ].join(', ');
  return `${id} is not among the models known here: ${assumed}.${flags === '' ? '' : ` Where its card asks for a prefix, say it: ${flags}.`}`;
}

function missingTensors(
  { name, neededTensors = [] }: ModelProfile,
  metadata: GgufMetadata,
): string | undefined {
  const missing = neededTensors.filter((tensor) => !metadata.tensors.present.has(tensor));
  if (missing.length === 0) return undefined;
  return `The file was converted without ${missing.join(' and ')}: its vectors are not those of ${name}. Get a newer file.`;
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
