import { EmbedSearchError } from '../errors.js';
import type { GgufValue } from './gguf-metadata.js';
import { printable } from './printable.js';
import type { ModelProfile } from './profiles/types.js';
import type { Pooling } from './types.js';

/** Source: llama.h `enum llama_pooling_type`. */
const POOLING: Readonly<Record<number, Pooling | 'none' | 'rank'>> = {
  0: 'none',
  1: 'mean',
  2: 'cls',
  3: 'last',
  4: 'rank',
};

export interface PoolingQuestion {
  readonly file: string;
  readonly architecture: string;
  /** The value of `<architecture>.pooling_type`; undefined where the file has none. */
  readonly stated: GgufValue | undefined;
  readonly profile: ModelProfile | undefined;
  readonly chosen: Pooling | undefined;
}

/**
 * How a text's vector is made of its tokens': as the user says, else as the model's card says, else as the file says.
 * Errors: MODEL_UNSUITABLE where nobody says, because then the vectors would be meaningless.
 */
export function poolingOf(question: PoolingQuestion): { pooling: Pooling; note?: string } {
  const { profile, chosen } = question;
  const stated = question.stated === undefined ? undefined : POOLING[Number(question.stated)];
  if (chosen !== undefined) return { pooling: chosen };
  if (stated !== 'rank' && profile !== undefined) {
    if (stated === undefined || stated === profile.pooling) return { pooling: profile.pooling };
    return {
      pooling: profile.pooling,
      note: `Its file says pooling ${stated}, the card of ${profile.name} says ${profile.pooling}: the card is followed; --pooling ${stated} would follow the file.`,
    };
  }
  if (stated === 'mean' || stated === 'cls' || stated === 'last') return { pooling: stated };
  throw refusal(question, stated);
}

function refusal(
  { file, architecture, stated }: PoolingQuestion,
  known: Pooling | 'none' | 'rank' | undefined,
): EmbedSearchError {
  const fix =
    'Name an embedding model with --model FILE; if this is one, say what its card says: ' +
    '--pooling mean|cls|last, and --query-prefix and --document-prefix where it asks for them.';
  if (known === 'rank') {
    return new EmbedSearchError(
      'MODEL_UNSUITABLE',
      `${file} is a reranking model: it scores pairs of texts and gives no vectors.`,
      { fix },
    );
  }
  const says =
    stated === undefined
      ? 'does not say how it pools'
      : `says pooling type ${printable(String(stated))}, which gives no vector of a text`;
  return new EmbedSearchError(
    'MODEL_UNSUITABLE',
    `${file} (architecture ${printable(architecture)}) ${says}: it looks like a generative model, whose vectors would be meaningless.`,
    { fix },
  );
}
