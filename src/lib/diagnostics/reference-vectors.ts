import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface References {
  /** hex SHA-256 of the GGUF file that gives these vectors */
  readonly gguf: string;
  readonly texts: readonly {
    readonly text: string;
    readonly tokens: number;
    readonly vector: Float32Array;
  }[];
}

interface Stored {
  readonly gguf: string;
  /** `vector`: base64 of little-endian float32, unit length */
  readonly texts: readonly { readonly text: string; readonly tokens: number; readonly vector: string }[];
}

/** What the shipped model must give for some texts: computed with the original FP32 weights, not with llama.cpp. */
export async function readReferences(): Promise<References> {
  const file = fileURLToPath(import.meta.resolve('#models/reference-vectors.json'));
  const { gguf, texts } = JSON.parse(await readFile(file, 'utf8')) as Stored;
  return { gguf, texts: texts.map(({ text, tokens, vector }) => ({ text, tokens, vector: decode(vector) })) };
}

function decode(base64: string): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}
