// Opens the index in argv[2], and prints what it answers for the words and the vector of argv[3], or the error.
import { openLocalStore } from '#dist/lib/store/local-store.js';

const [folder, vector] = process.argv.slice(2);
try {
  const reader = await openLocalStore(folder).openReader();
  const hits = await reader.searchVectors(Float32Array.from(JSON.parse(vector)), { limit: 1 });
  const words = reader.searchChunkWords(['text'], { limit: 100 });
  console.log(
    JSON.stringify({
      counts: reader.counts(),
      best: reader.chunks([hits[0].chunkId])[0].text,
      words: words.ids.length,
    }),
  );
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
