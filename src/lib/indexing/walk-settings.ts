import type { WalkSettings } from '../store/types.js';
import type { IndexOptions } from './types.js';

type WalkOptions = Pick<IndexOptions, 'include' | 'exclude' | 'maxFileSize'>;

/** The part of the options that decides which files are looked at; the index remembers it. */
export function walkSettings({ include, exclude, maxFileSize }: WalkOptions): WalkSettings {
  return {
    ...(include ? { include } : {}),
    ...(exclude ? { exclude } : {}),
    ...(maxFileSize === undefined ? {} : { maxFileSize }),
  };
}
