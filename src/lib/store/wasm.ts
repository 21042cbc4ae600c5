// The little of a WebAssembly assembler that the inner loops of a search need: V8 has no other way to work on 16 bytes at a
// time, and there is nothing to build. Opcodes: https://webassembly.github.io/spec/core/appendix/index-instructions.html

/** What of it is used here: TypeScript has its types in the browser's library only. */
declare const WebAssembly: {
  readonly Memory: new (options: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
};

export type Code = readonly number[];

export const TYPES = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;
const NO_RESULT = 0x40;
const END = 0x0b;
const PAGE_BYTES = 65_536;

/** One function over one memory. Its parameters are i32, mostly addresses; then come its locals, all by name. */
export interface WasmFunction<Name extends string> {
  readonly parameters: readonly Name[];
  readonly numbers: readonly Name[];
  readonly vectors: readonly Name[];
  readonly result: number;
  readonly body: Code;
}

/** `get`, `set` and `increase` of the names of a function, in the order in which it has them. */
export function accessTo<Name extends string>(names: readonly Name[]) {
  const get = (name: Name): Code => [0x20, names.indexOf(name)];
  const set = (name: Name, ...value: readonly Code[]): Code => [...value.flat(), 0x21, names.indexOf(name)];
  const increase = (name: Name, by: Code): Code => set(name, add(get(name), by));
  return { get, set, increase };
}

export const number = (value: number): Code => [0x41, ...signed(value)];
export const add = (one: Code, other: Code): Code => [...one, ...other, 0x6a];
export const and = (one: Code, other: Code): Code => [...one, ...other, 0x71];
export const loadVector = (at: Code, offset: number): Code => [...at, 0xfd, 0x00, 0, ...unsigned(offset)];
export const storeVector = (at: Code, offset: number, value: Code): Code => [
  ...at,
  ...value,
  0xfd,
  0x0b,
  0,
  ...unsigned(offset),
];
export const loop = (...body: readonly Code[]): Code => [0x03, NO_RESULT, ...body.flat(), END];
export const againIf = (condition: Code): Code => [...condition, 0x0d, 0];
export const when = (condition: Code, ...body: readonly Code[]): Code => [
  ...condition,
  0x04,
  NO_RESULT,
  ...body.flat(),
  END,
];

/** The function, and a memory of its own of at least `bytes`; undefined where V8 has no WebAssembly, or no address space to reserve for it. */
export function instantiate(
  wasmFunction: WasmFunction<string>,
  bytes: number,
): { run: unknown; memory: ArrayBuffer } | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const module = new WebAssembly.Module(assemble(wasmFunction));
    const instance = new WebAssembly.Instance(module, { host: { memory } });
    return { run: instance.exports['run'], memory: memory.buffer };
  } catch {
    return undefined;
  }
}

function assemble({
  parameters,
  numbers,
  vectors,
  result,
  body,
}: WasmFunction<string>): Uint8Array<ArrayBuffer> {
  const locals = [2, numbers.length, TYPES.i32, vectors.length, TYPES.v128];
  const code = [...locals, ...body, END];
  return Uint8Array.from([
    ...Buffer.from('\0asm\x01\0\0\0'),
    ...section(1, [1, 0x60, parameters.length, ...parameters.map(() => TYPES.i32), 1, result]),
    ...section(2, [1, ...text('host'), ...text('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('run'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function text(value: string): Code {
  return [value.length, ...Buffer.from(value)];
}
