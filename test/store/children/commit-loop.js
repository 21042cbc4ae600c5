// Writes versions of the same ten files for ever: words, then vectors, then a sweep. Made to be killed.
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { embedPending, file, identity, modelFile, wordRules } from '../made-up.js';

const writer = await openLocalStore(process.argv[2]).openWriter({ root: '/' });
console.log('open');
writer.setIdentity(identity, modelFile);
await writer.setWords(wordRules);
for (let version = Number(process.argv[3]); ; version++) {
  writer.transaction(() => {
    for (let index = 0; index < 10; index++)
      writer.putFile(...file(`${index}.ts`, [`file ${index} version ${version}`, `file ${index} stays`]));
  });
  await embedPending(writer, { all: version % 2 === 0 });
  if (version % 3 === 0) await writer.sweep();
}
