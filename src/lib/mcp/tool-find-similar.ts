import { hitsAnswer, merged } from './hits.js';
import { notSearched } from './not-searched.js';
import { placeOf } from './roots.js';
import { HITS_OUTPUT, PRESETS, SIMILAR_INPUT } from './schemas.js';
import { READ_ONLY, type Tool } from './tool.js';
import type { Answer } from './types.js';
import type { Workspace } from './workspace.js';

interface SimilarArguments {
  readonly path: string;
  readonly line: number;
  readonly limit?: number;
  readonly maxTokens?: number;
  readonly explain?: boolean;
}

export const findSimilar: Tool<SimilarArguments> = {
  name: 'find_similar',
  title: 'Find similar passages',
  description:
    'Find passages that mean much the same as the one at a line: duplicates, other implementations, the tests of a ' +
    'function. Needs an indexed file; costs no embedding.',
  inputSchema: SIMILAR_INPUT,
  outputSchema: HITS_OUTPUT,
  annotations: READ_ONLY,
  run: similar,
};

async function similar(workspace: Workspace, args: SimilarArguments): Promise<Answer> {
  const { root, file } = placeOf(workspace.roots, args.path);
  const limit = args.limit ?? PRESETS.limit;
  const found = await root.use(async (searcher) => {
    const stale = await root.freshen(searcher);
    const scope = root.pathIn(searcher.root, root.folder);
    const result = await searcher.similar({
      path: root.pathIn(searcher.root, file),
      line: args.line,
      limit,
      within: scope,
    });
    const { warnings } = searcher;
    return { root: root.folder, rootNumber: workspace.roots.indexOf(root), scope, result, stale, warnings };
  });
  if (found === undefined) return notSearched([root]);
  const all = merged([found], limit);
  return hitsAnswer(all, {
    maxTokens: args.maxTokens ?? PRESETS.maxTokens,
    explain: args.explain ?? false,
    title: `${all.hits.length === 1 ? '1 passage' : `${all.hits.length} passages`} like ${args.path}:${args.line}.`,
    manyRoots: workspace.roots.length > 1,
  });
}
