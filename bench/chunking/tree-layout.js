// Where to cut code by its syntax tree, in the terms of src/lib/corpus/chunk-code.ts: the same costs for the same
// things, so that what differs is who says where a definition, a statement or a comment begins and ends.
import { Language, Parser } from 'web-tree-sitter';
import { codeLayout as layoutByLines } from '../../dist/lib/corpus/chunk-code.js';
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
} from '../../dist/lib/corpus/code-costs.js';
import { KEEP_APART, LARGE_SHARE } from '../../dist/lib/corpus/layout.js';
import { definitionIn } from './definition-in.js';
import { grammarFile, KIND, kindOf } from './grammars.js';

/**
 * @typedef {import('../../dist/lib/corpus/text-lines.js').TextLines} TextLines
 * @typedef {import('../../dist/lib/corpus/layout.js').Layout} Layout
 * @typedef {import('web-tree-sitter').TreeCursor} TreeCursor
 * @typedef {{parser: Parser, kinds: Uint16Array}} Grammar  `kinds`: what each type of node is, as flags
 * @typedef {{from: number, head: number, to: number}} Stretch  lines; `head` is behind comments and attributes
 * @typedef {Stretch & {depth: number, name: string | undefined}} Definition
 * @typedef {{owner: Stretch | undefined, isList: boolean, isFlat: boolean, depth: number, isBegun: boolean,
 *   isAfterBlock: boolean, definitions: Definition[]}} Around  what a node stands in
 */

/** @type {Map<string, Grammar>} */
const grammars = new Map();

/** Compiling is asynchronous, cutting is not: grammars have to be loaded before. */
export async function loadGrammars(/** @type {Iterable<string>} */ languages) {
  for (const language of languages) {
    const file = grammarFile(language);
    if (file === undefined || grammars.has(language)) continue;
    if (grammars.size === 0) await Parser.init();
    const grammar = await Language.load(file);
    const parser = new Parser();
    parser.setLanguage(grammar);
    const kinds = new Uint16Array(grammar.nodeTypeCount);
    for (let id = 0; id < kinds.length; id++)
      kinds[id] = kindOf(grammar.nodeTypeForId(id) ?? '', grammar.nodeTypeIsNamed(id));
    grammars.set(language, { parser, kinds });
  }
}

/**
 * In the place of the product's own function of this name, which is asked where there is no grammar.
 *
 * @param {TextLines} lines
 * @param {string} language
 * @param {Uint32Array} tokens of each line
 * @param {number} limit tokens
 * @returns {Layout}
 */
export function codeLayout(lines, language, tokens, limit) {
  const grammar = grammars.get(language);
  const tree = grammar?.parser.parse(lines.text);
  if (grammar === undefined || !tree) return layoutByLines(lines, language, tokens, limit);
  const cursor = tree.walk();
  const layout = new TreeLayout(lines, tokens, limit * LARGE_SHARE, grammar.kinds).of(cursor);
  cursor.delete();
  tree.delete();
  return layout;
}

class TreeLayout {
  #lines;
  #large;
  #kinds;
  /** Tokens of all lines before a line, and how many of these are not blank. */
  #tokensBefore;
  #linesBefore;
  /** Column of the first character of a line, -1 for a blank one. */
  #columns;
  #costs;
  /** 1: a node begins this line, or a comment goes on in it; its cost is known. */
  #isKnown;
  /** 1: a comment or an attribute has this line. */
  #isLead;
  /** @type {Definition[]} */
  #definitions = [];

  constructor(
    /** @type {TextLines} */ lines,
    /** @type {Uint32Array} */ tokens,
    /** @type {number} */ large,
    /** @type {Uint16Array} */ kinds,
  ) {
    this.#lines = lines;
    this.#large = large;
    this.#kinds = kinds;
    this.#tokensBefore = new Float64Array(lines.count + 1);
    this.#linesBefore = new Uint32Array(lines.count + 1);
    this.#columns = new Int32Array(lines.count).fill(-1);
    for (let line = 0; line < lines.count; line++) {
      const start = at(lines.starts, line);
      const isBlank = start === at(lines.ends, line);
      this.#tokensBefore[line + 1] = at(this.#tokensBefore, line) + at(tokens, line);
      this.#linesBefore[line + 1] = at(this.#linesBefore, line) + (isBlank ? 0 : 1);
      if (!isBlank) this.#columns[line] = lines.text.slice(start, at(lines.ends, line)).search(/\S/);
    }
    this.#costs = new Float64Array(lines.count).fill(CONTINUATION_COST);
    this.#isKnown = new Uint8Array(lines.count);
    this.#isLead = new Uint8Array(lines.count);
  }

  /** @returns {Layout} */
  of(/** @type {TreeCursor} */ cursor) {
    const definitions = this.#children(cursor, {
      owner: undefined,
      isList: true,
      isFlat: false,
      depth: 0,
      isBegun: true,
      isAfterBlock: false,
      definitions: [],
    });
    this.#price(definitions, undefined);
    const spans = this.#definitions.flatMap(({ name, from, to }) =>
      name === undefined ? [] : [{ name, from, to }],
    );
    spans.sort((a, b) => a.from - b.from || b.to - a.to);
    return { cutCosts: this.#costs, inRun: new Uint8Array(this.#lines.count), spans };
  }

  #children(/** @type {TreeCursor} */ cursor, /** @type {Around} */ around) {
    if (cursor.gotoFirstChild()) {
      do this.#node(cursor, around);
      while (cursor.gotoNextSibling());
      cursor.gotoParent();
    }
    return around.definitions;
  }

  #node(/** @type {TreeCursor} */ cursor, /** @type {Around} */ around) {
    const { row, column } = cursor.startPosition;
    const end = cursor.endPosition;
    if (row >= this.#lines.count || (end.row === row && end.column === column)) return;
    // A node that ends with a line break ends before the next line.
    const to = end.column === 0 && end.row > row ? end.row - 1 : end.row;
    const isFirst = this.#columns[row] === column && this.#isKnown[row] === 0;
    // What lies within one line and does not begin it is no place to cut.
    if (!isFirst && to === row) return;
    // An error has an id of its own. What is in it is worth as much as what stands beside it.
    const kind = this.#kinds[cursor.nodeTypeId] ?? KIND.list | KIND.flat;

    if ((kind & KIND.lead) !== 0) this.#lead(row, to, isFirst, around);
    else if (isItem(kind, around, to > row) || (isFirst && to > row && isNamedFunction(cursor, kind)))
      this.#item(cursor, around, { row, to, isFirst, kind });
    else {
      // A list begins where its first item does, unless it has a bracket, which comes as a node of its own.
      if (isFirst && (kind & (KIND.list | KIND.flat)) === 0) {
        const cost = around.isFlat ? this.#statementCost(row, around) : CONTINUATION_COST;
        this.#set(row, (kind & KIND.closer) === 0 ? cost : CLOSER_COST);
      }
      if (to > row && (kind & KIND.text) === 0) this.#within(cursor, around, kind, around.owner);
    }
  }

  /** Goes on with what a node consists of. */
  #within(
    /** @type {TreeCursor} */ cursor,
    /** @type {Around} */ around,
    /** @type {number} */ kind,
    /** @type {Stretch | undefined} */ owner,
  ) {
    const isFlat = (kind & KIND.flat) !== 0;
    const isSame = isFlat || around.isFlat || (around.isList && (kind & KIND.inner) !== 0);
    const isList = (kind & KIND.list) !== 0;
    const definitions = this.#children(cursor, {
      owner,
      isList,
      isFlat,
      depth: isList && !isSame ? around.depth + 1 : around.depth,
      isBegun: isSame && (isFlat || around.isFlat || around.isBegun),
      isAfterBlock: false,
      definitions: isSame ? around.definitions : [],
    });
    if (definitions !== around.definitions) this.#price(definitions, owner);
  }

  #lead(
    /** @type {number} */ row,
    /** @type {number} */ to,
    /** @type {boolean} */ isFirst,
    /** @type {Around} */ around,
  ) {
    if (isFirst) {
      this.#set(row, this.#isLed(row) ? COMMENT_LINE_COST : this.#statementCost(row, around));
      this.#isLead.fill(1, row, to + 1);
      around.isBegun = true;
      around.isAfterBlock = false;
    }
    for (let line = row + 1; line <= to && line < this.#lines.count; line++)
      this.#set(line, COMMENT_LINE_COST);
  }

  #item(
    /** @type {TreeCursor} */ cursor,
    /** @type {Around} */ around,
    /** @type {{row: number, to: number, isFirst: boolean, kind: number}} */ { row, to, isFirst, kind },
  ) {
    if (isFirst) this.#set(row, this.#isLed(row) ? FROM_LEAD_COST : this.#statementCost(row, around));
    around.isBegun = true;
    around.isAfterBlock = to > row;
    const isLarge = to > row || around.depth === 0;
    const mayDefine = (kind & KIND.definition) !== 0 || (isLarge && (kind & KIND.large) !== 0);
    const found = isFirst && mayDefine ? definitionIn(cursor.currentNode, around.depth) : undefined;
    let { owner } = around;
    if (found !== undefined) {
      let from = row;
      while (this.#isLed(from)) from--;
      const definition = { from, head: row, to, depth: around.depth, name: found.name };
      owner = definition;
      this.#definitions.push(definition);
      around.definitions.push(definition);
    }
    if (to > row && (kind & KIND.text) === 0) {
      this.#within(cursor, { ...around, isFlat: false, isList: false }, kind, owner);
    }
  }

  #statementCost(/** @type {number} */ row, /** @type {Around} */ around) {
    if (!around.isBegun) return INTO_BLOCK_COST;
    const gap = row > 0 && this.#columns[row - 1] === -1 ? GAP_GAIN : 0;
    const gain = gap + (around.isAfterBlock ? AFTER_BLOCK_GAIN : 0);
    return STATEMENT_COST + STATEMENT_COST_PER_DEPTH * Math.min(MAX_DEPTH, around.depth) - gain;
  }

  /** Definitions that stand beside each other. */
  #price(/** @type {readonly Definition[]} */ definitions, /** @type {Stretch | undefined} */ owner) {
    for (const [index, { from, head, depth }] of definitions.entries()) {
      if (head > from) this.#costs[head] = FROM_LEAD_COST;
      if (from === 0) continue;
      const start = definitions[index - 1]?.from ?? owner?.from ?? 0;
      const after = definitions[index + 1]?.from ?? (owner?.to ?? this.#lines.count - 1) + 1;
      const isFirst =
        index === 0 &&
        owner !== undefined &&
        at(this.#linesBefore, from) - at(this.#linesBefore, owner.head) < 3;
      const isApart = this.#size(start, from) >= this.#large && this.#size(from, after) >= this.#large;
      this.#costs[from] =
        isApart && !isFirst
          ? KEEP_APART
          : DEFINITION_COST +
            DEFINITION_COST_PER_DEPTH * Math.min(MAX_DEPTH, depth) +
            (isFirst ? FIRST_IN_PARENT_COST : 0);
    }
  }

  #size(/** @type {number} */ from, /** @type {number} */ to) {
    return at(this.#tokensBefore, Math.min(to, this.#lines.count)) - at(this.#tokensBefore, from);
  }

  /** Comments or attributes are right above. */
  #isLed(/** @type {number} */ row) {
    return row > 0 && this.#isLead[row - 1] === 1;
  }

  #set(/** @type {number} */ row, /** @type {number} */ cost) {
    this.#costs[row] = cost;
    this.#isKnown[row] = 1;
  }
}

/** Statements, members and elements are items of a list; a case is one wherever it stands. */
function isItem(
  /** @type {number} */ kind,
  /** @type {Around} */ { isList, isFlat },
  /** @type {boolean} */ isLong,
) {
  if ((kind & KIND.case) !== 0) return true;
  if (!isList || (kind & KIND.named) === 0 || (kind & (KIND.inner | KIND.goesOn)) !== 0) return false;
  const isMoreOfTheList = (kind & KIND.flat) !== 0 || (isFlat && (kind & KIND.list) !== 0);
  return !(isMoreOfTheList && isLong);
}

function isNamedFunction(/** @type {TreeCursor} */ cursor, /** @type {number} */ kind) {
  return (kind & KIND.inline) !== 0 && cursor.currentNode.childForFieldName('name') !== null;
}

function at(/** @type {Uint32Array | Float64Array} */ numbers, /** @type {number} */ index) {
  return numbers[index] ?? 0;
}
