import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { LIMITS } from './limits.js';
import { statusAnswer } from './tool-index-status.js';
import { LINES_TEMPLATE, parseLinesUri, STATUS_URI } from './uris.js';
import type { Workspace } from './workspace.js';

export const RESOURCES = [
  {
    uri: STATUS_URI,
    name: 'index-status',
    title: 'State of the index',
    description: 'What is indexed, how fresh, and the memory of server and embedder.',
    mimeType: 'application/json',
  },
];

export const RESOURCE_TEMPLATES = [
  {
    uriTemplate: LINES_TEMPLATE,
    name: 'lines',
    title: 'Lines of a file',
    description: 'What a hit shows, as it stands on the disk now.',
    mimeType: 'text/plain',
  },
];

export interface ResourceText {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
}

/** A resource by its address, or undefined where there is none. Errors: as of `read_lines`. */
export async function readResource(workspace: Workspace, uri: string): Promise<ResourceText | undefined> {
  if (uri === STATUS_URI) {
    const { structured } = await statusAnswer(workspace);
    return { uri, mimeType: 'application/json', text: JSON.stringify(structured) };
  }
  const address = parseLinesUri(uri);
  const root = address && workspace.roots[address.root];
  if (root === undefined) return undefined;
  const { startLine, endLine } = address!;
  if (endLine < startLine || endLine - startLine >= LIMITS.lines) {
    throw new EmbedSearchError('USAGE', `${uri} names no lines, or more than ${LIMITS.lines}.`);
  }
  const { readLines } = await import('../search/read-lines.js');
  const file = path.resolve(root.folder, address!.path);
  const { lines } = await readLines({ root: root.folder, file, startLine, endLine });
  return { uri, mimeType: 'text/plain', text: lines.join('\n') };
}
