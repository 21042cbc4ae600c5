import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' }) => void;

let collect: Collect | undefined;

/**
 * Has V8 collect its garbage now (some 10 ms). Left alone it lets three times of what lives here pile up before it
 * does, and that memory is never given back.
 */
export function collectGarbage(): void {
  collector()();
}

/** The same of the young generation alone, where what the last piece of work left mostly is: a fraction of a millisecond. */
export function collectYoungGarbage(): void {
  collector()({ type: 'minor' });
}

function collector(): Collect {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as Collect;
    setFlagsFromString('--no-expose-gc');
  }
  return collect;
}
