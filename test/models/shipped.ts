import { fileURLToPath } from 'node:url';

/** The model that ships, in this repository. */
export function shippedModelFile(): string {
  return fileURLToPath(new URL('../../models/all-MiniLM-L6-v2.Q8_0.gguf', import.meta.url));
}
