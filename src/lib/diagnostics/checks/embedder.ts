import type { Embedding, EmbeddingProvider } from '../../embedder/types.js';
import type { CheckDefinition } from '../check.js';
import { cosine, duration, median } from '../figures.js';
import { readReferences } from '../reference-vectors.js';

/** Quantization to 8 bits costs less than this; wrong pooling, a missing token or a wrong vocabulary far more. */
const LEAST_COSINE = 0.999;
/** Lanes compute the same sums in the same order. */
const SAME_COSINE = 0.999_999;
const ROUND_TRIPS = 50;
const SLOW_START_MILLISECONDS = 5_000;
const SLOW_ROUND_TRIP_MILLISECONDS = 10;

const SAMPLES = [
  'Where is a failed upload tried again?',
  'export async function retryUpload(file: File, attempts = 5): Promise<void> {}',
  'A cat is a small animal that purrs when it is stroked.',
];

export const startCheck: CheckDefinition = {
  id: 'embedder',
  title: 'Embedder starts',
  area: 'embedder',
  needs: ['model'],
  run: async (subject) => {
    const embedder = await subject.embedder();
    await embedder.start();
    const { runtime, backend, startMilliseconds } = await embedder.stats();
    const milliseconds = Math.round(startMilliseconds ?? 0);
    const facts = { runtime, backend, startMilliseconds: milliseconds };
    const detail = `ready in ${duration(milliseconds)}, ${runtime} runtime, ${backend}`;
    return milliseconds <= SLOW_START_MILLISECONDS
      ? { status: 'pass', detail, facts }
      : { status: 'warn', detail, facts, fix: 'A slow disk or little free memory makes it slow.' };
  },
};

export const referenceCheck: CheckDefinition = {
  id: 'reference-vectors',
  title: 'Vectors are right',
  area: 'embedder',
  needs: ['embedder'],
  run: async (subject) => {
    const [model, embedder, references] = [
      await subject.model(),
      await subject.embedder(),
      await readReferences(),
    ];
    if (model.sha256 !== references.gguf) return sanityOf(embedder, model.queryPrefix, model.documentPrefix);
    // The last one was cut at the limit; no text is cut here.
    const texts = references.texts.filter(({ tokens }) => tokens < model.tokenLimit);
    const embeddings = await embedder.embedBatch(texts.map(({ text }) => text));
    const cosines = texts.map(({ vector }, index) => cosine(vectorOf(embeddings[index]), vector));
    const least = Math.min(...cosines);
    const facts = { texts: texts.length, leastCosine: round(least) };
    const detail = `${texts.length} texts against the original model: least cosine ${least.toFixed(5)}`;
    return least >= LEAST_COSINE
      ? { status: 'pass', detail, facts }
      : { status: 'fail', detail, facts, fix: 'Install embed-search again; please report it if it stays.' };
  },
};

/** For a model without stored vectors: a question must be nearer to its answer than to something else. */
async function sanityOf(embedder: EmbeddingProvider, queryPrefix: string, documentPrefix: string) {
  const [question, answer, other] = await embedder.embedBatch([
    queryPrefix + SAMPLES[0]!,
    documentPrefix + SAMPLES[1]!,
    documentPrefix + SAMPLES[2]!,
  ]);
  const near = cosine(vectorOf(question), vectorOf(answer));
  const far = cosine(vectorOf(question), vectorOf(other));
  const facts = { related: round(near), unrelated: round(far) };
  const detail =
    `no reference vectors for this model; a question and its answer ${near.toFixed(3)}, ` +
    `the question and something else ${far.toFixed(3)}`;
  return near > far
    ? ({ status: 'pass', detail, facts } as const)
    : ({
        status: 'warn',
        detail,
        facts,
        fix: 'Check the pooling and the prefixes of the model: embed-search model info.',
      } as const);
}

export const lanesCheck: CheckDefinition = {
  id: 'determinism',
  title: 'Same vectors over lanes',
  area: 'embedder',
  needs: ['embedder'],
  run: async (subject) => {
    const alone = await (await subject.embedder()).embedBatch(SAMPLES);
    const second = await subject.newEmbedder(2);
    try {
      const together = await second.embedBatch([...SAMPLES, ...SAMPLES]);
      const least = Math.min(
        ...together.map((each, index) => cosine(vectorOf(each), vectorOf(alone[index % SAMPLES.length]))),
      );
      const facts = { leastCosine: round(least) };
      const detail = `1 lane against 2: least cosine ${least.toFixed(6)}`;
      return least >= SAME_COSINE
        ? { status: 'pass', detail, facts }
        : { status: 'fail', detail, facts, fix: 'Use --lanes 1, and please report it.' };
    } finally {
      await second.close();
    }
  },
};

export const roundTripCheck: CheckDefinition = {
  id: 'round-trip',
  title: 'Round trip to the embedder',
  area: 'embedder',
  needs: ['embedder'],
  run: async (subject) => {
    const embedder = await subject.embedder();
    const times: number[] = [];
    for (let count = 0; count < ROUND_TRIPS; count++) {
      const started = performance.now();
      await embedder.stats(); // asks the child, which computes nothing for it
      times.push(performance.now() - started);
    }
    const started = performance.now();
    await embedder.embed(SAMPLES[0]!);
    const embedding = performance.now() - started;
    const trip = median(times);
    const facts = { medianMilliseconds: round(trip), embeddingMilliseconds: round(embedding) };
    const detail = `${duration(trip)}; with an embedding ${duration(embedding)}`;
    return trip <= SLOW_ROUND_TRIP_MILLISECONDS
      ? { status: 'pass', detail, facts }
      : { status: 'warn', detail, facts, fix: 'The machine is busy: close other programs.' };
  },
};

export const recoveryCheck: CheckDefinition = {
  id: 'recovery',
  title: 'Recovery from a crash',
  area: 'embedder',
  needs: ['embedder'],
  run: async (subject) => {
    if (!subject.options.deep) return { status: 'skip', detail: 'kills the embedder: only with --deep' };
    const embedder = await subject.embedder();
    const before = await embedder.embed(SAMPLES[0]!);
    const { pid } = embedder.status();
    const started = performance.now();
    if (pid !== null) process.kill(pid, 'SIGKILL');
    const after = await embedder.embed(SAMPLES[0]!);
    const milliseconds = performance.now() - started;
    const isNew = embedder.status().pid !== pid;
    const isSame = cosine(vectorOf(before), vectorOf(after)) >= SAME_COSINE;
    const facts = { milliseconds: Math.round(milliseconds), isSame };
    const detail = `killed; the next vector came after ${duration(milliseconds)} and is ${isSame ? 'the same' : 'another'}`;
    return isSame && isNew
      ? { status: 'pass', detail, facts }
      : { status: 'fail', detail, facts, fix: 'Please report it, with --report FILE.' };
  },
};

function vectorOf(embedding: Embedding | undefined): Float32Array {
  if (embedding?.ok !== true) throw new Error(`no vector: ${embedding?.reason ?? 'no outcome'}`);
  return embedding.vector;
}

function round(value: number): number {
  return Number(value.toPrecision(7));
}
