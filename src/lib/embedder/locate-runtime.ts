import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { EmbedSearchError } from '../errors.js';
import type { RuntimeChoice, RuntimeName } from './types.js';

/** Where the child finds the runtime that was chosen. */
export interface RuntimeLocation {
  readonly runtime: RuntimeName;
  /** direct: the folder of `llama-addon.node`; compat: the entry module of node-llama-cpp. */
  readonly path: string;
  readonly device: 'cpu' | 'gpu';
  /** For people: the binding's package. */
  readonly name: string;
}

/** The machine, as far as a binding must fit it. `libc` is null where there is only one. */
export interface Platform {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly libc: 'glibc' | 'other' | null;
}

const BINDINGS: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/** Bindings for a GPU, the best first. On macOS the one binding that there is computes on either. */
const GPU_BINDINGS: Record<string, readonly string[]> = {
  'linux-x64': ['linux-x64-cuda', 'linux-x64-vulkan'],
  'win32-x64': ['win-x64-cuda', 'win-x64-vulkan'],
  'darwin-arm64': ['mac-arm64-metal'],
};

/** The names of the bindings below `@node-llama-cpp/` that would compute on a GPU of this machine. */
export function gpuBindingNames({ platform, arch, libc }: Platform): readonly string[] {
  return libc === 'other' ? [] : (GPU_BINDINGS[`${platform}-${arch}`] ?? []);
}

/** Those of them that are installed. */
export function locateGpuBindings(machine: Platform): readonly RuntimeLocation[] {
  return gpuBindingNames(machine).flatMap((name) => {
    const folder = bindingFolder(name);
    return folder === null
      ? []
      : [
          {
            runtime: 'direct' as const,
            path: folder,
            device: 'gpu' as const,
            name: `@node-llama-cpp/${name}`,
          },
        ];
  });
}

/** The name of the binding below `@node-llama-cpp/` that fits a machine, or null. */
export function bindingName({ platform, arch, libc }: Platform): string | null {
  if (libc === 'other') return null;
  return BINDINGS[`${platform}-${arch}`] ?? null;
}

/**
 * Finds the runtime without loading any of it: `auto` is the binding of this platform, else node-llama-cpp.
 * Throws RUNTIME_MISSING with the next step.
 */
export function locateRuntime(choice: RuntimeChoice, machine: Platform = thisMachine()): RuntimeLocation {
  const name = bindingName(machine);
  const direct = choice === 'compat' || name === null ? null : bindingFolder(name);
  if (direct !== null) {
    return { runtime: 'direct', path: direct, device: 'cpu', name: `@node-llama-cpp/${name}` };
  }
  const compat = choice === 'direct' ? null : resolveModule('node-llama-cpp');
  if (compat !== null) return { runtime: 'compat', path: compat, device: 'cpu', name: 'node-llama-cpp' };
  throw missing(choice, machine);
}

/**
 * Names the code that makes the vectors, with its version: a text that ended one runtime may pass another.
 * Throws as locateRuntime does.
 */
export function runtimeIdentity(choice: RuntimeChoice): string {
  const { runtime, path: location } = locateRuntime(choice);
  // Both the folder of the binding and the entry module lie two levels below their package.
  const description = path.join(location, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(description, 'utf8')) as { version: string };
  return `${runtime} ${version}`;
}

/** A program for a process of its own that loads the runtime's native code and does nothing else. */
export function loadingProgram({ runtime, path: location }: RuntimeLocation): string {
  return runtime === 'direct'
    ? `require(${JSON.stringify(path.join(location, 'llama-addon.node'))})`
    : `import(${JSON.stringify(location)})`;
}

/** The machine that this process runs on. */
export function thisMachine(): Platform {
  return {
    platform: process.platform,
    arch: process.arch,
    libc: process.platform === 'linux' ? linuxLibc() : null,
  };
}

function bindingFolder(name: string): string | null {
  const entry = resolveModule(`@node-llama-cpp/${name}`);
  if (entry === null) return null;
  const folder = path.join(path.dirname(entry), '..', 'bins', name);
  return existsSync(path.join(folder, 'llama-addon.node')) ? folder : null;
}

function resolveModule(name: string): string | null {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return null;
  }
}

function linuxLibc(): 'glibc' | 'other' {
  // Without this Node asks the network for the names of its interfaces.
  (process.report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'other' : 'glibc';
}

function missing(choice: RuntimeChoice, machine: Platform): EmbedSearchError {
  const name = bindingName(machine);
  const system = `${machine.platform} ${machine.arch}${machine.libc === 'other' ? ' without glibc' : ''}`;
  if (choice === 'compat') {
    return new EmbedSearchError(
      'RUNTIME_MISSING',
      'The package node-llama-cpp, which --runtime compat uses, is not installed.',
      {
        fix: 'Install it beside embed-search: npm install node-llama-cpp, or leave --runtime out.',
      },
    );
  }
  if (name === null)
    return new EmbedSearchError('RUNTIME_MISSING', `There is no prebuilt llama.cpp for ${system}.`);
  return new EmbedSearchError(
    'RUNTIME_MISSING',
    `The package @node-llama-cpp/${name}, the llama.cpp for ${system}, is not installed.`,
    {
      fix: 'Install embed-search again without --omit=optional, or install node-llama-cpp and use --runtime compat.',
    },
  );
}
