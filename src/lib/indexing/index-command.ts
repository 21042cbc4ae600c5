import path from 'node:path';
import { indexFolderOf } from '../config.js';
import { mergeConfigFiles, readConfigFiles } from '../config/config-files.js';
import { EmbedSearchError } from '../errors.js';
import type { WalkSettings } from '../store/types.js';
import { walkSettings } from './walk-settings.js';

/**
 * The command that brings an index up to date by the rules of its last run, as a shell takes it: with the folder where
 * that is not the current one, and with what no configuration file says by itself.
 */
export function indexCommand({
  root,
  indexDir,
  walk = {},
}: {
  readonly root: string;
  readonly indexDir: string;
  readonly walk: WalkSettings | undefined;
}): string {
  const configured = configuredWalk(root);
  return [
    'embed-search index',
    ...(path.relative(root, process.cwd()) === '' ? [] : [quoted(root)]),
    ...(path.relative(indexFolderOf(root, undefined), indexDir) === ''
      ? []
      : [`--index-dir ${quoted(indexDir)}`]),
    ...walkFlags(differing(walk, configured)),
  ].join(' ');
}

export function walkFlags({ include = [], exclude = [], maxFileSize }: WalkSettings): string[] {
  return [
    ...include.map((glob) => `--include ${quoted(glob)}`),
    ...exclude.map((glob) => `--exclude ${quoted(glob)}`),
    ...(maxFileSize === undefined ? [] : [`--max-file-size ${maxFileSize}`]),
  ];
}

/** The settings of `walk` that are not so in `other`: a list is one setting, as a flag goes over a file's whole list. */
function differing(walk: WalkSettings, other: WalkSettings): WalkSettings {
  return {
    ...(walk.include && !isSame(walk.include, other.include) ? { include: walk.include } : {}),
    ...(walk.exclude && !isSame(walk.exclude, other.exclude) ? { exclude: walk.exclude } : {}),
    ...(walk.maxFileSize !== undefined && walk.maxFileSize !== other.maxFileSize
      ? { maxFileSize: walk.maxFileSize }
      : {}),
  };
}

/** What the configuration files of a folder say of the files to take. Of one that is broken `index` itself tells. */
function configuredWalk(root: string): WalkSettings {
  try {
    const settings = mergeConfigFiles(readConfigFiles(root));
    return walkSettings({
      include: settings.get('include')?.value as readonly string[] | undefined,
      exclude: settings.get('exclude')?.value as readonly string[] | undefined,
      maxFileSize: settings.get('max-file-size')?.value as number | undefined,
    });
  } catch (error) {
    if (error instanceof EmbedSearchError) return {};
    throw error;
  }
}

function isSame(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}

/** Double quotes, which every shell knows, as far as nothing in them means anything to one. */
function quoted(word: string): string {
  if (/^[\w./@:=,+-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : `"${word}"`;
}
