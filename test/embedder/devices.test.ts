import { describe, expect, it } from 'vitest';
import { Devices } from '#dist/lib/embedder/devices.js';
import { layersThatFit } from '#dist/lib/embedder/gpu-layers.js';
import { gpuBindingNames, type Platform } from '#dist/lib/embedder/locate-runtime.js';
import { ChildRefusal } from '#dist/lib/embedder/open-requests.js';
import { SessionEnded } from '#dist/lib/embedder/session-end.js';

const GB = 1024 ** 3;
const LINUX: Platform = { platform: 'linux', arch: 'x64', libc: 'glibc' };
const MAC: Platform = { platform: 'darwin', arch: 'arm64', libc: null };

// No accelerator's binding is installed where the tests run: what one would do is decided here, not measured.
describe('where an embedder computes', () => {
  it.each([
    [LINUX, ['linux-x64-cuda', 'linux-x64-vulkan']],
    [{ ...LINUX, libc: 'other' as const }, []],
    [MAC, ['mac-arm64-metal']],
    [{ platform: 'win32', arch: 'x64', libc: null } as const, ['win-x64-cuda', 'win-x64-vulkan']],
    [{ platform: 'linux', arch: 'arm64', libc: 'glibc' } as const, []],
  ])('bindings that would fit %j: %j', (machine, names) => {
    expect(gpuBindingNames(machine)).toEqual(names);
  });

  it('is the CPU where no binding for a GPU is installed, without a word', () => {
    for (const choice of ['auto', 'cpu'] as const) {
      const devices = new Devices('auto', choice, LINUX);
      expect(devices.current()).toMatchObject({ runtime: 'direct', device: 'cpu' });
      expect(devices.notice).toBeNull();
    }
  });

  it('is an error with the next step where a GPU is asked for and no binding is there', () => {
    expect(() => new Devices('auto', 'gpu', LINUX).current()).toThrowError(
      expect.objectContaining({
        code: 'RUNTIME_MISSING',
        fix: expect.stringContaining('npm install @node-llama-cpp/linux-x64-cuda'),
      }),
    );
  });

  it('is what the public API finds where that is asked for', () => {
    expect(new Devices('compat', 'gpu', LINUX).current()).toMatchObject({ runtime: 'compat', device: 'gpu' });
    expect(new Devices('compat', 'auto', LINUX).current()).toMatchObject({
      runtime: 'compat',
      device: 'cpu',
    });
  });

  it('falls back with a notice only where the binding is to blame, and never from the CPU', () => {
    const gpu = {
      runtime: 'direct',
      path: '/x',
      device: 'gpu',
      name: '@node-llama-cpp/linux-x64-cuda',
    } as const;
    const died = new SessionEnded({ what: 'was killed by SIGSEGV', lastWords: '', outOfMemory: false });
    const refused = new ChildRefusal('RUNTIME_MISSING', 'no device');
    for (const error of [died, refused]) {
      const devices = new Devices('auto', 'auto', LINUX);
      devices.current();
      expect(devices.giveUp(gpu, error)).toBe(true);
      expect(devices.notice).toMatch(/linux-x64-cuda cannot be used \(.*\): computing on the CPU/);
      expect(devices.current().device).toBe('cpu');
    }
    const devices = new Devices('auto', 'auto', LINUX);
    const cpu = devices.current();
    expect(devices.giveUp(cpu, refused)).toBe(false);
    expect(devices.giveUp(gpu, new ChildRefusal('MODEL_INVALID', 'damaged'))).toBe(false);
    expect(devices.notice).toBeNull();
  });
});

describe('the layers on a GPU', () => {
  it.each([
    ['all of a small model', { layers: 28, modelBytes: 4 * GB, freeBytes: 24 * GB, lanes: 1 }, 29],
    ['as many as fit', { layers: 28, modelBytes: 4 * GB, freeBytes: 2 * GB, lanes: 1 }, 11],
    ['fewer beside more lanes', { layers: 28, modelBytes: 4 * GB, freeBytes: 2 * GB, lanes: 8 }, 5],
    [
      'none where nothing is free',
      { layers: 28, modelBytes: 4 * GB, freeBytes: 300 * 1024 ** 2, lanes: 1 },
      0,
    ],
    [
      'all of a file that does not say how many',
      { layers: null, modelBytes: GB, freeBytes: 8 * GB, lanes: 1 },
      999,
    ],
    [
      'none of it where it does not fit whole',
      { layers: null, modelBytes: 9 * GB, freeBytes: 8 * GB, lanes: 1 },
      0,
    ],
  ])('%s', (_, question, layers) => {
    expect(layersThatFit(question)).toBe(layers);
  });
});
