import { EmbedSearchError } from '../errors.js';
import { canBeCutTo } from './profiles.js';
import type { ModelProfile } from './profiles/types.js';
import type { VectorCut } from './types.js';

/**
 * How many numbers a vector is to have, and how it is cut to them. Errors: MODEL_UNSUITABLE where the model was not
 * trained for it: the first numbers of its vectors would say next to nothing.
 */
export function dimensionsOf(
  file: string,
  embeddingLength: number,
  profile: ModelProfile | undefined,
  chosen: number | undefined,
): { dimensions: number; cut: VectorCut; note?: string } {
  if (chosen === undefined || chosen === embeddingLength)
    return { dimensions: embeddingLength, cut: 'plain' };
  if (chosen > embeddingLength) {
    throw new EmbedSearchError(
      'MODEL_UNSUITABLE',
      `${file} gives vectors of ${embeddingLength} numbers, which cannot be cut to ${chosen}.`,
      { fix: `Leave --dimensions out, or take less than ${embeddingLength}.` },
    );
  }
  if (profile === undefined) {
    return {
      dimensions: chosen,
      cut: 'plain',
      note: `Its vectors are cut from ${embeddingLength} to ${chosen} numbers: only good where its card says that it was trained for that (Matryoshka).`,
    };
  }
  if (!canBeCutTo(profile, chosen)) {
    throw new EmbedSearchError(
      'MODEL_UNSUITABLE',
      `${profile.name} was not trained for vectors of ${chosen} numbers.`,
      { fix: `Leave --dimensions out, or take ${allowed(profile)}.` },
    );
  }
  return { dimensions: chosen, cut: profile.layerNormBeforeCut ? 'layer-norm' : 'plain' };
}

function allowed({ matryoshka, dimensions }: ModelProfile): string {
  if (matryoshka === undefined) return String(dimensions);
  if ('from' in matryoshka) return `any number from ${matryoshka.from} to ${dimensions}`;
  return [dimensions, ...matryoshka].join(', ');
}
