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

/**
 * The CPU library to load by name so that weights stay mapped, or '' where llama.cpp's own choice leaves them mapped.
 * With AMX it takes a library that copies even Q8_0 weights into another layout: twice the speed, 13 MB more memory
 * for the shipped model. The library below it does not.
 */
export function leanCpuLibrary({ platform, arch, cpuinfo }: CpuFacts): string {
  if (platform !== 'linux' || arch !== 'x64') return '';
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/));
  if (!flags.has('amx_int8')) return '';
  return ICELAKE_FLAGS.every((flag) => flags.has(flag)) ? 'libggml-cpu-icelake.so' : '';
}
