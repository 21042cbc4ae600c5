import { blockComments } from './block-comments.js';
import {
  AFTER_BLOCK_GAIN,
  CLOSER_COST,
  COMMENT_LINE_COST,
  CONTINUATION_COST,
  DEFINITION_COST,
  DEFINITION_COST_PER_DEPTH,
  FIRST_IN_PARENT_COST,
  FROM_LEAD_COST,
  GAP_GAIN,
  INTO_BLOCK_COST,
  MAX_DEPTH,
  STATEMENT_COST,
  STATEMENT_COST_PER_DEPTH,
} from './code-costs.js';
import { definitionOn, leadsTo } from './definitions.js';
import { commentStyle } from './language.js';
import { KEEP_APART, LARGE_SHARE, type Layout, type Span } from './layout.js';
import { isBlankLine, lineText, type TextLines } from './text-lines.js';

const TAB_WIDTH = 4;
const MAX_LINE_START = 400;

// What closes a block, or goes on with it on the same level: never the first line of a chunk if it can be helped.
const CLOSER =
  /^([)\]}]|<\/|(end|end(if|for|while|foreach|function|switch|case|module|sub)|fi|done|esac)\b(?!\s*[=(.:]))/;
const CONTINUATION =
  /^(\{|(else|elif|elsif|elseif|catch|except|finally|rescue|ensure|where|then|do|and|or|implements|extends|throws)\b(?!\s*[=(.:]\s*\w)|&&|\|\||\?|=>|->)/;
const MEMBER_CONTINUATION = /^(\.\w|\?\.)/;
// Labels and preprocessor lines stand further left than what they are in.
const OUTDENTED =
  /^(#\s*(if|ifdef|ifndef|else|elif|endif|define|undef|pragma|include)\b|(public|private|protected|signals|public slots|private slots)\s*:|(case\b.*|default|\w+)\s*:$)/;

interface Line {
  /** 0-based index in the text */
  readonly line: number;
  readonly indent: number;
  readonly gap: boolean;
  readonly isCloser: boolean;
  readonly isContinuation: boolean;
  readonly isOutdented: boolean;
  readonly inComment: boolean;
  readonly isLead: boolean;
  readonly definition: { readonly name: string | undefined } | undefined;
}

interface Block {
  /** index in the array of lines: with its comments and decorators */
  readonly from: number;
  /** where the definition itself starts */
  readonly head: number;
  readonly indent: number;
  readonly name: string | undefined;
  /** index of the last line; set when it is known */
  to: number;
}

/** Code is cut between definitions, then between statements, the less indented the better. */
export function codeLayout(lines: TextLines, language: string, tokens: Uint32Array, limit: number): Layout {
  const code = readLines(lines, language);
  const blocks = findBlocks(code);
  const cutCosts = new Float64Array(lines.count);
  const width = indentWidth(code);
  for (let index = 1; index < code.length; index++) {
    cutCosts[code[index]!.line] = statementCost(code[index]!, code[index - 1]!, width);
  }
  priceBlocks(code, blocks, cutCosts, tokens, limit * LARGE_SHARE, width);
  const spans: Span[] = [];
  for (const { name, from, to } of blocks) {
    if (name !== undefined) spans.push({ name, from: code[from]!.line, to: code[to]!.line });
  }
  return { cutCosts, inRun: new Uint8Array(lines.count), spans };
}

function readLines(lines: TextLines, language: string): Line[] {
  const insideBlockComment = blockComments(language);
  const isStyle = commentStyle(language) === 'slash' && /^(css|scss|less|sass|stylus)$/.test(language);
  const code: Line[] = [];
  let commentIndent = 0;
  let gap = false;
  for (let line = 0; line < lines.count; line++) {
    if (isBlankLine(lines, line)) {
      gap = true;
      continue;
    }
    const start = lines.starts[line]!;
    const raw = lines.text.slice(start, Math.min(lines.ends[line]!, start + MAX_LINE_START));
    const text = raw.trimStart();
    const inComment = insideBlockComment(raw);
    if (!inComment) commentIndent = indentation(raw);
    const isLead = inComment || leadsTo(language, text, commentIndent === 0);
    code.push({
      line,
      gap,
      inComment,
      isLead,
      indent: commentIndent,
      isCloser: !inComment && CLOSER.test(text),
      isContinuation:
        !inComment &&
        !isStyle &&
        (CONTINUATION.test(text) || (commentIndent > 0 && MEMBER_CONTINUATION.test(text))),
      isOutdented: !inComment && OUTDENTED.test(text),
      definition:
        isLead && !text.startsWith('@') && !text.startsWith('template')
          ? undefined
          : definitionOn(language, text, commentIndent === 0),
    });
    gap = false;
  }
  return code.some(({ indent }) => indent > 0) ? code : withBracketDepth(code, lines);
}

/** Code without any indentation: how many brackets are open tells the depth. */
function withBracketDepth(code: readonly Line[], lines: TextLines): Line[] {
  let depth = 0;
  return code.map((line) => {
    const text = lineText(lines, line.line).slice(0, MAX_LINE_START);
    const indent = Math.max(0, depth - (line.isCloser ? 1 : 0)) * TAB_WIDTH;
    // Strings and line comments are dropped, so that their brackets do not count.
    for (const bracket of text.replace(/"[^"]*"|'[^']*'|`[^`]*`|\/\/.*/g, '').match(/[([{}\])]/g) ?? []) {
      depth = Math.max(0, depth + ('([{'.includes(bracket) ? 1 : -1));
    }
    return { ...line, indent };
  });
}

/** Every definition with the comments and decorators above it, in the order of their starts. */
function findBlocks(code: readonly Line[]): Block[] {
  const blocks: Block[] = [];
  const open: Block[] = [];
  let lead: number | undefined;
  for (const [index, line] of code.entries()) {
    // Blank lines and deeper lines are within a block; so are closers, labels and what goes on with the statement.
    const goesOn =
      line.inComment || line.isOutdented || ((line.isCloser || line.isContinuation) && !line.definition);
    for (let block = open.at(-1); block !== undefined; block = open.at(-1)) {
      if (line.indent > block.indent || (goesOn && line.indent === block.indent) || line.isOutdented) break;
      block.to = Math.max(
        block.head,
        lead !== undefined && code[lead]!.indent <= block.indent ? lead - 1 : index - 1,
      );
      open.pop();
    }
    if (line.definition !== undefined) {
      const from = lead !== undefined && !line.gap && code[lead]!.indent === line.indent ? lead : index;
      const block = {
        from,
        head: index,
        indent: line.indent,
        name: line.definition.name,
        to: code.length - 1,
      };
      blocks.push(block);
      open.push(block);
    }
    lead = leadOf(code, index, lead);
  }
  return blocks;
}

/** Where the comments and decorators start that lead up to the line after `index`, if there are any. */
function leadOf(code: readonly Line[], index: number, lead: number | undefined): number | undefined {
  const line = code[index]!;
  if (line.inComment) return lead;
  const isNew = lead === undefined || line.gap || code[lead]!.indent !== line.indent;
  if (line.isLead && line.definition === undefined) return isNew ? index : lead;
  // The arguments of a decorator go on over several lines.
  const isWithinLead = lead !== undefined && (line.indent > code[lead]!.indent || line.isCloser);
  return isWithinLead && line.definition === undefined ? lead : undefined;
}

function statementCost(line: Line, before: Line, width: number): number {
  if (line.isCloser) return CLOSER_COST;
  if (line.isContinuation) return CONTINUATION_COST;
  if (line.inComment) return COMMENT_LINE_COST;
  if (before.isLead && !line.gap) return line.isLead ? COMMENT_LINE_COST : FROM_LEAD_COST;
  if (line.indent > before.indent) return INTO_BLOCK_COST;
  const gain =
    (line.gap ? GAP_GAIN : 0) + (line.indent < before.indent || before.isCloser ? AFTER_BLOCK_GAIN : 0);
  return STATEMENT_COST + STATEMENT_COST_PER_DEPTH * depthOf(line.indent, width) - gain;
}

function priceBlocks(
  code: readonly Line[],
  blocks: readonly Block[],
  cutCosts: Float64Array,
  tokens: Uint32Array,
  large: number,
  width: number,
): void {
  const before = new Float64Array(code.length + 1);
  for (let index = 0; index < code.length; index++)
    before[index + 1] = before[index]! + tokens[code[index]!.line]!;
  const size = (from: number, to: number): number => before[to]! - before[from]!;

  const afterOf = nextStarts(blocks, code.length);
  // The last block start on each level that is still open: what lies between it and the next start are neighbours.
  const levels: Block[] = [];
  for (const [index, block] of blocks.entries()) {
    while (levels.length > 0 && levels.at(-1)!.indent > block.indent) levels.pop();
    const sibling = levels.at(-1);
    if (sibling !== undefined && sibling.indent === block.indent) levels.pop();
    levels.push(block);
    const line = code[block.from]!;
    if (block.head > block.from) cutCosts[code[block.head]!.line] = FROM_LEAD_COST;
    if (block.from === 0) continue;
    const start = sibling?.from ?? 0;
    const isFirst = sibling !== undefined && sibling.indent < block.indent && block.from - sibling.head < 3;
    const isApart = size(start, block.from) >= large && size(block.from, afterOf[index]!) >= large;
    cutCosts[line.line] =
      isApart && !isFirst
        ? KEEP_APART
        : DEFINITION_COST +
          DEFINITION_COST_PER_DEPTH * depthOf(block.indent, width) +
          (isFirst ? FIRST_IN_PARENT_COST : 0);
  }
}

/** For each block, where the next one on its level or further out starts. */
function nextStarts(blocks: readonly Block[], end: number): number[] {
  const next = Array.from(blocks, () => end);
  const waiting: number[] = [];
  for (const [index, block] of blocks.entries()) {
    while (waiting.length > 0 && blocks[waiting.at(-1)!]!.indent >= block.indent)
      next[waiting.pop()!] = block.from;
    waiting.push(index);
  }
  return next;
}

/** The smallest step of indentation that the text often takes. */
function indentWidth(code: readonly Line[]): number {
  const steps = new Map<number, number>();
  for (let index = 1; index < code.length; index++) {
    const step = code[index]!.indent - code[index - 1]!.indent;
    if (step > 1 && step <= 8) steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  let width = TAB_WIDTH;
  let most = 0;
  for (const [step, count] of steps) if (count > most) [width, most] = [step, count];
  return width;
}

function depthOf(indent: number, width: number): number {
  return Math.min(MAX_DEPTH, Math.round(indent / width));
}

function indentation(line: string): number {
  let columns = 0;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === 32) columns++;
    else if (code === 9) columns += TAB_WIDTH - (columns % TAB_WIDTH);
    else break;
  }
  return columns;
}
