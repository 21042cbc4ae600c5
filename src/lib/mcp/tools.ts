import { findSimilar } from './tool-find-similar.js';
import { indexStatusTool } from './tool-index-status.js';
import { readLinesTool } from './tool-read-lines.js';
import { searchCode } from './tool-search-code.js';
import { updateIndex } from './tool-update-index.js';
import type { Tool } from './tool.js';

/** Every tool, in the order that clients are told of them. */
export const TOOLS: readonly Tool[] = [searchCode, findSimilar, readLinesTool, updateIndex, indexStatusTool];
