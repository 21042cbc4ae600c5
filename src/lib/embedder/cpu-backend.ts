import { readFileSync } from 'node:fs';

/** What decides which CPU library the child loads. */
export interface CpuFacts {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** The text of /proc/cpuinfo; empty where there is none. */
  readonly cpuinfo: string;
}

/** What each library is compiled with beyond the one before it. Source: ggml/src/CMakeLists.txt, GGML_CPU_ALL_VARIANTS. */
const ICELAKE_FLAGS = [
  'sse4_2',
  'avx',
  'f16c',
  'fma',
  'bmi2',
  'avx2',
  'avx512f',
  'avx512cd',
  'avx512vl',
  'avx512dq',
  'avx512bw',
  'avx512vbmi',
  'avx512_vnni',
];

const PILEDRIVER_FLAGS = ['sse4_2', 'avx', 'f16c', 'fma'];

/**
 * Types of weights that a library with AVX2 copies into another layout when it loads them, and those that one with
 * AMX does. Source: ggml/src/ggml-cpu/repack.cpp, ggml_repack_get_optimal_repack_type; amx/common.h, qtype_has_amx_kernels.
 */
const REPACKED_WITH_AVX2: ReadonlySet<string> = new Set(['Q4_0', 'Q4_K', 'Q2_K', 'IQ4_NL', 'MXFP4']);
const REPACKED_WITH_AMX: ReadonlySet<string> = new Set([
  'Q4_0',
  'Q4_1',
  'Q8_0',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ4_XS',
]);

/**
 * The CPU library to load by name so that weights stay mapped, or '' where llama.cpp's own choice leaves them mapped,
 * or where none is known that would. With AMX it takes a library that copies even Q8_0 weights into another layout:
 * twice the speed, 13 MB more memory for the shipped model. Weights of 4 bits are copied wherever there is AVX2; a
 * library without it does not, and is two to three times slower.
 */
export function leanCpuLibrary(facts: CpuFacts, weightTypes: readonly string[]): string {
  const flags = x86Flags(facts);
  if (flags === null || !flags.has('avx2')) return '';
  const has = (needed: readonly string[]): boolean => needed.every((flag) => flags.has(flag));
  if (weightTypes.some((type) => REPACKED_WITH_AVX2.has(type)))
    return has(PILEDRIVER_FLAGS) ? 'libggml-cpu-piledriver.so' : '';
  if (!flags.has('amx_int8')) return '';
  return has(ICELAKE_FLAGS) ? 'libggml-cpu-icelake.so' : '';
}

/**
 * The types of weights that llama.cpp's own choice of library copies into memory of the process, or null on machines of
 * which that is not known here: the processors and systems that have not been measured.
 */
export function repackedTypes(facts: CpuFacts): ReadonlySet<string> | null {
  const flags = x86Flags(facts);
  if (flags === null) return null;
  if (flags.has('amx_int8')) return new Set([...REPACKED_WITH_AVX2, ...REPACKED_WITH_AMX]);
  return flags.has('avx2') ? REPACKED_WITH_AVX2 : new Set();
}

/** This machine's. */
export function thisProcessor(): CpuFacts {
  const { platform, arch } = process;
  return { platform, arch, cpuinfo: platform === 'linux' ? firstKilobytes('/proc/cpuinfo') : '' };
}

function x86Flags({ platform, arch, cpuinfo }: CpuFacts): ReadonlySet<string> | null {
  if (platform !== 'linux' || arch !== 'x64') return null;
  const line = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1];
  return line === undefined ? null : new Set(line.trim().split(/\s+/));
}

function firstKilobytes(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, 16 * 1024);
  } catch {
    return '';
  }
}
