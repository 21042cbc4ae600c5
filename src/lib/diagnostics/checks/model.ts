import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { loadingProgram, locateRuntime } from '../../embedder/locate-runtime.js';
import type { CheckDefinition } from '../check.js';
import { megabytes } from '../figures.js';
import { readReferences } from '../reference-vectors.js';

/** A binding that cannot be loaded says so at once; one that hangs is broken too. */
const LOAD_MILLISECONDS = 20_000;

/** Loads the native code in a process of its own, as the embedder does: what it breaks is not us. */
export const bindingCheck: CheckDefinition = {
  id: 'binding',
  title: 'llama.cpp binding',
  area: 'embedder',
  run: async ({ options, signal }) => {
    const location = locateRuntime(options.runtime ?? 'auto');
    const { runtime } = location;
    const facts = { runtime };
    const load = loadingProgram(location);
    try {
      await promisify(execFile)(process.execPath, ['-e', load], {
        timeout: LOAD_MILLISECONDS,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      return {
        status: 'fail',
        detail: `${runtime} runtime in ${location.path} does not load: ${lastLine(error)}`,
        facts,
        fix: 'Install embed-search again; if it stays, try --runtime compat (npm install node-llama-cpp).',
      };
    }
    return { status: 'pass', detail: `${runtime} runtime loads, from ${location.path}`, facts };
  },
};

export const modelCheck: CheckDefinition = {
  id: 'model',
  title: 'Model file',
  area: 'model',
  run: async (subject) => {
    const model = await subject.model();
    const { gguf } = await readReferences();
    const isShipped = model.sha256 === gguf;
    const facts = {
      architecture: model.architecture,
      dimensions: model.dimensions,
      pooling: model.pooling,
      tokenLimit: model.tokenLimit,
      megabytes: megabytes(model.bytes),
      isShipped,
    };
    const detail =
      `${model.id}, ${megabytes(model.bytes)} MB, ${model.dimensions} dimensions, ${model.pooling} pooling, ` +
      `${model.tokenLimit} tokens${isShipped ? ', the one that ships' : `, sha256 ${model.sha256.slice(0, 12)}…`}`;
    // What had to be assumed of a model that is not known.
    return model.notes.length === 0
      ? { status: 'pass', detail, facts }
      : { status: 'warn', detail: `${detail}; ${model.notes.join(' ')}`, facts };
  },
};

function lastLine(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const lines = stderr.split('\n').filter((line) => /error|cannot|not found/i.test(line));
  return lines[0]?.trim() ?? message.split('\n')[0]!;
}
