import { describe, expect, it } from 'vitest';
import { describeUse, type Machine, thisMachine } from '#dist/lib/diagnostics/model-use.js';
import { outlineModel } from '#dist/lib/models/model-spec.js';
import { shippedModelFile } from '../models/shipped.js';

const GB = 1024 ** 3;
const AMX =
  'flags\t\t: sse4_2 avx f16c fma bmi2 avx2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512_vnni amx_int8\n';

function machine(cpuinfo: string, freeBytes: number): Machine {
  return { processor: { platform: 'linux', arch: 'x64', cpuinfo }, cores: 4, freeBytes };
}

describe('what will be done with a model', () => {
  it('is said for this machine', async () => {
    const use = describeUse(await outlineModel(shippedModelFile()), thisMachine());
    expect(use).toMatchObject({
      pooling: 'mean',
      tokenLimit: 256,
      profile: { name: 'all-MiniLM-L6-v2', licence: 'Apache-2.0' },
      notes: [],
    });
    for (const source of Object.values(use.profile!.sources)) expect(source).toMatch(/^https:/);
  });

  it('says whether the backend copies weights, what lean does about it, and what auto would take', async () => {
    const model = await outlineModel(shippedModelFile());
    const roomy = describeUse(model, machine(AMX, 16 * GB));
    expect(roomy).toMatchObject({ repacks: true, leanLibrary: 'libggml-cpu-icelake.so' });
    expect(roomy.auto.index).toMatchObject({ lanes: 4, lean: false });
    expect(roomy.auto.query).toMatchObject({ lanes: 1, lean: true });
    const [lean, one, four] = roomy.memory;
    expect(lean).toMatchObject({ memory: 'lean', lanes: 1, repackedBytes: 0 });
    expect(one!.anonymousBytes - one!.repackedBytes).toBe(lean!.anonymousBytes);
    expect(four!.anonymousBytes).toBeGreaterThan(one!.anonymousBytes);
    const short = describeUse(model, machine(AMX, 0.2 * GB));
    expect(short.auto.index).toMatchObject({ lanes: 1, lean: true });
    const other = {
      ...machine('', GB),
      processor: { platform: 'darwin', arch: 'arm64', cpuinfo: '' },
    } as const;
    expect(describeUse(model, other)).toMatchObject({ repacks: null, leanLibrary: '' });
  });
});
