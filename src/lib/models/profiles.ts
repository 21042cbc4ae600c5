import { CODE } from './profiles/code.js';
import { ENGLISH } from './profiles/english.js';
import { MULTILINGUAL } from './profiles/multilingual.js';
import type { ModelFact, ModelProfile } from './profiles/types.js';

/** Every model that is known by its card. The first one ships. */
export const PROFILES: readonly ModelProfile[] = [...ENGLISH, ...CODE, ...MULTILINGUAL];

/** Converters pad a vocabulary to a multiple of 64 or 128, or leave reserved tokens out. */
const VOCABULARY_TOLERANCE = 0.01;

/** What a GGUF file says of itself, as far as it tells models apart. */
export interface ModelMarks {
  readonly architecture: string;
  /** What the file calls itself, in every way that it does. */
  readonly names: readonly string[];
  readonly dimensions: number;
  readonly tokenizer: string | undefined;
  readonly vocabulary: number | undefined;
}

/**
 * The profile of a model by what its file says; never by the file's own name. The architecture, the dimensions and
 * the vocabulary must be the model's, and one of its names must end with the model's: a converter may put the owner in front.
 */
export function findProfile(marks: ModelMarks): ModelProfile | undefined {
  const names = marks.names.map(plainName);
  return PROFILES.find(
    (profile) =>
      profile.architecture === marks.architecture &&
      profile.dimensions === marks.dimensions &&
      (marks.tokenizer === undefined || marks.tokenizer === profile.tokenizer) &&
      isNear(marks.vocabulary, profile.vocabulary) &&
      names.some((name) => isNamedAfter(name, plainName(profile.name))),
  );
}

/** The profile that people mean by a name, whatever its case. */
export function profileByName(name: string): ModelProfile | undefined {
  const plain = plainName(name);
  return PROFILES.find((profile) => plainName(profile.name) === plain);
}

/** Where a fact of a profile is from. */
export function sourceOf(profile: ModelProfile, fact: ModelFact): string {
  return profile.sources?.[fact] ?? profile.card;
}

/** True where the model was trained to be cut to so many dimensions. */
export function canBeCutTo(profile: ModelProfile, dimensions: number): boolean {
  const { matryoshka } = profile;
  if (matryoshka === undefined || dimensions > profile.dimensions) return dimensions === profile.dimensions;
  if ('from' in matryoshka) return dimensions >= matryoshka.from;
  return dimensions === profile.dimensions || matryoshka.includes(dimensions);
}

function isNamedAfter(name: string, known: string): boolean {
  return name === known || name.endsWith(`-${known}`);
}

function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

function isNear(found: number | undefined, expected: number): boolean {
  return found === undefined || Math.abs(found - expected) <= expected * VOCABULARY_TOLERANCE;
}

/** The share of meaning that the profile of an index's model sets, by the id that the index keeps of it. */
export function vectorShareOf(modelId: string, dimensions: number): number | undefined {
  const plain = plainName(modelId);
  return PROFILES.find(
    (profile) => profile.dimensions === dimensions && plain.includes(plainName(profile.name)),
  )?.vectorShare;
}
