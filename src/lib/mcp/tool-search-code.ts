import { LEAST_SCORE } from '../search/relevance.js';
import type { Confidence } from '../search/types.js';
import { type FoundIn, hitsAnswer, merged } from './hits.js';
import type { IndexedRoot } from './indexed-root.js';
import { beginIndexes, notSearched } from './not-searched.js';
import { placeOf } from './roots.js';
import { HITS_OUTPUT, PRESETS, SEARCH_INPUT } from './schemas.js';
import { READ_ONLY, type Tool } from './tool.js';
import type { Answer, Call } from './types.js';
import type { Workspace } from './workspace.js';

interface SearchArguments {
  readonly query: string;
  readonly limit?: number;
  readonly by?: 'chunk' | 'file';
  readonly path?: string;
  readonly globs?: readonly string[];
  readonly languages?: readonly string[];
  readonly minConfidence?: Confidence;
  readonly context?: number;
  readonly maxTokens?: number;
  readonly explain?: boolean;
}

export const searchCode: Tool<SearchArguments> = {
  name: 'search_code',
  title: 'Search code and text',
  description:
    'Find code and text in the project by meaning and by words. Use it first when you do not know where something is ' +
    'or what it is called; use grep for an exact string. Returns ranked passages with path and lines.',
  inputSchema: SEARCH_INPUT,
  outputSchema: HITS_OUTPUT,
  annotations: READ_ONLY,
  run: search,
};

/** A folder or a file to search in, and the root that it belongs to. */
interface Scope {
  readonly root: IndexedRoot;
  readonly file: string;
}

async function search(workspace: Workspace, args: SearchArguments, call: Call): Promise<Answer> {
  const scopes: Scope[] =
    args.path === undefined
      ? workspace.roots.map((root) => ({ root, file: root.folder }))
      : [placeOf(workspace.roots, args.path)];
  let { found, missing } = await searchAll(workspace, scopes, args, call);
  if (missing.length > 0 && (await beginIndexes(workspace, missing, call.signal))) {
    ({ found, missing } = await searchAll(workspace, scopes, args, call));
  }
  if (found.length === 0) return notSearched(missing);

  const limit = args.limit ?? PRESETS.limit;
  const all = merged(found, limit);
  const wanted = args.minConfidence ?? 'low';
  const count = all.hits.length;
  const title =
    count > 0
      ? `${count} ${count === 1 ? 'hit' : 'hits'} for ${JSON.stringify(args.query)}, confidence ${all.confidence}.`
      : `Nothing found for ${JSON.stringify(args.query)}${wanted === 'low' ? '' : ` with ${wanted} confidence`}.`;
  const unsearched =
    missing.length > 0
      ? ` Not searched, for lack of an index: ${missing.map(({ folder }) => folder).join(', ')}.`
      : '';
  return hitsAnswer(all, {
    maxTokens: args.maxTokens ?? PRESETS.maxTokens,
    explain: args.explain ?? false,
    title: title + unsearched,
    manyRoots: workspace.roots.length > 1,
  });
}

async function searchAll(
  workspace: Workspace,
  scopes: readonly Scope[],
  args: SearchArguments,
  { signal }: Call,
): Promise<{ found: FoundIn[]; missing: IndexedRoot[] }> {
  const found: FoundIn[] = [];
  const missing: IndexedRoot[] = [];
  for (const { root, file } of scopes) {
    const part = await root.use(async (searcher) => {
      const stale = await root.freshen(searcher);
      const scope = root.pathIn(searcher.root, root.folder);
      const result = await searcher.search({
        text: args.query,
        limit: args.limit ?? PRESETS.limit,
        by: args.by,
        within: root.pathIn(searcher.root, file),
        globs: args.globs,
        languages: args.languages,
        context: args.context,
        minScore: LEAST_SCORE[args.minConfidence ?? 'low'],
        signal,
      });
      const { warnings } = searcher;
      return { root: root.folder, rootNumber: workspace.roots.indexOf(root), scope, result, stale, warnings };
    });
    if (part === undefined) missing.push(root);
    else found.push(part);
  }
  return { found, missing };
}
