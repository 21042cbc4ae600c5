import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';
import { fingerprintFile } from '../models/fingerprint.js';
import { outlineModel } from '../models/model-spec.js';
import { modelsFolder } from '../models/resolve-model.js';
import { download } from './download.js';
import { createHttpClient } from './http.js';
import { endpointOf, modelSource } from './model-source.js';
import { PartialFile } from './partial-file.js';
import { lockPull } from './pull-lock.js';

export interface PullOptions {
  /** A known model's name, hf:OWNER/REPOSITORY/FILE or an address. */
  readonly model: string;
  /** hex; what the file has to be */
  readonly sha256?: string | undefined;
  /** Fetch it also where a file of that name is there. */
  readonly force?: boolean | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number, totalBytes: number | null) => void;
  /** milliseconds; default 1,000 */
  readonly retryMilliseconds?: number;
}

export interface PulledModel {
  /** What `--model` takes. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Who said what the checksum has to be; null: nobody did. */
  readonly checkedAgainst: 'user' | 'server' | null;
  /** A file of that name was there already; nothing was fetched. */
  readonly wasThere: boolean;
  /** Bytes that an earlier run had left. */
  readonly resumedFrom: number;
  readonly notes: readonly string[];
}

/**
 * Fetches a model file into the models folder: what an interrupted run left is gone on with, and only a file that is
 * whole, has its checksum and is a GGUF takes its place. Never overwrites one that is there without `force`.
 * Errors: USAGE, MODEL_*, NETWORK, DOWNLOAD_*, NO_SPACE and those of the machine.
 */
export async function pullModel(options: PullOptions): Promise<PulledModel> {
  const { environment = process.env, signal } = options;
  const endpoint = environment['HF_ENDPOINT'];
  const { url, fileName } = modelSource(options.model, endpoint);
  const folder = modelsFolder(environment);
  const target = path.join(folder, fileName);
  try {
    mkdirSync(folder, { recursive: true });
    if (existsSync(target) && !options.force) return await alreadyThere(target, options.sha256);
    const unlock = lockPull(target);
    const client = createHttpClient({
      token: environment['HF_TOKEN'] || undefined,
      tokenOrigin: endpointOf(endpoint).origin,
    });
    let part: PartialFile | undefined;
    try {
      part = await PartialFile.open(target);
      const resumedFrom = part.bytes;
      const stated = await download(client, url, part, {
        signal,
        onProgress: options.onProgress ?? (() => {}),
        retryMilliseconds: options.retryMilliseconds ?? 1_000,
      });
      const notes = await check(part, options.sha256?.toLowerCase() ?? stated);
      const { bytes } = part;
      const sha256 = part.sha256();
      await part.publish();
      part = undefined;
      const checkedAgainst = options.sha256 ? 'user' : stated === undefined ? null : 'server';
      if (checkedAgainst === null)
        notes.push(
          `The server names no checksum: the file could not be held against one. Its SHA-256 is ${sha256}.`,
        );
      return {
        name: path.parse(target).name,
        path: target,
        bytes,
        sha256,
        checkedAgainst,
        wasThere: false,
        resumedFrom,
        notes,
      };
    } finally {
      await part?.close();
      await client.close();
      unlock();
    }
  } catch (error) {
    throw asUserError(error, `${target} could not be fetched`);
  }
}

async function alreadyThere(target: string, expected: string | undefined): Promise<PulledModel> {
  const sha256 = await fingerprintFile(target);
  if (expected !== undefined && sha256 !== expected.toLowerCase()) {
    throw new EmbedSearchError('DOWNLOAD_DAMAGED', `${target} is there, with the SHA-256 ${sha256}.`, {
      fix: 'Fetch it anew with --force.',
    });
  }
  return {
    name: path.parse(target).name,
    path: target,
    bytes: statSync(target).size,
    sha256,
    checkedAgainst: expected === undefined ? null : 'user',
    wasThere: true,
    resumedFrom: 0,
    notes: [],
  };
}

/** Removes what is not what it should be. A model that needs more to be said is kept, and that is noted. */
async function check(part: PartialFile, expected: string | undefined): Promise<string[]> {
  const sha256 = part.sha256();
  if (expected !== undefined && sha256 !== expected) {
    await part.restart();
    throw new EmbedSearchError(
      'DOWNLOAD_DAMAGED',
      `The file that came has the SHA-256 ${sha256}, not ${expected}: it was removed.`,
    );
  }
  try {
    return [...(await outlineModel(part.path)).notes];
  } catch (error) {
    if (error instanceof EmbedSearchError && error.code === 'MODEL_UNSUITABLE')
      return [`${error.message} ${error.fix}`];
    await part.restart();
    throw error;
  }
}
