/** A set of tokens in flat arrays (about 2 MB for 30,000 tokens, none of it on V8's heap), searched without allocating. */
export interface TokenTrie {
  /** How many code units the longest token has that stands in `units` at `start` and ends by `end`; 0 when none does. */
  longestMatch(units: Uint16Array, start: number, end: number): number;
}

const ALPHABET_BITS = 14;
const MAX_NODES = 2 ** (31 - ALPHABET_BITS);

/**
 * Edges lie in one open-addressing table, keyed by node and letter; letters are numbered as they come so that the key
 * fits 31 bits. Errors: RangeError for a vocabulary of more than 16,383 letters or 131,072 nodes.
 */
export function createTrie(tokens: Iterable<string>): TokenTrie {
  const letters = new Uint16Array(0x10000);
  let table = createTable(2 ** 16);
  let letterCount = 0;
  let nodeCount = 1;
  const isToken = new Uint8Array(MAX_NODES);

  const child = (node: number, unit: number): number => {
    const letter = (letters[unit] ||= ++letterCount);
    const key = node * 2 ** ALPHABET_BITS + letter;
    const slot = find(table, key);
    if (table.keys[slot] === key) return table.nodes[slot]!;
    if (letterCount >= 2 ** ALPHABET_BITS || nodeCount >= MAX_NODES)
      throw new RangeError('The vocabulary is too large for the trie.');
    table.keys[slot] = key;
    table.nodes[slot] = nodeCount;
    if (nodeCount * 2 > table.keys.length) table = grow(table);
    return nodeCount++;
  };

  for (const token of tokens) {
    let node = 0;
    for (let index = 0; index < token.length; index++) node = child(node, token.charCodeAt(index));
    if (node !== 0) isToken[node] = 1;
  }

  return {
    longestMatch(units, start, end) {
      let longest = 0;
      let node = 0;
      for (let index = start; index < end; index++) {
        const letter = letters[units[index]!]!;
        if (letter === 0) break;
        const key = node * 2 ** ALPHABET_BITS + letter;
        const slot = find(table, key);
        if (table.keys[slot] !== key) break;
        node = table.nodes[slot]!;
        if (isToken[node] === 1) longest = index + 1 - start;
      }
      return longest;
    },
  };
}

interface Table {
  /** 0 is an empty slot: every key has a letter, and those begin at 1. */
  readonly keys: Uint32Array;
  readonly nodes: Uint32Array;
  readonly mask: number;
}

function createTable(size: number): Table {
  return { keys: new Uint32Array(size), nodes: new Uint32Array(size), mask: size - 1 };
}

/** The slot that holds `key`, or the empty one where it belongs. */
function find(table: Table, key: number): number {
  let slot = (Math.imul(key, 0x9e3779b1) >>> 12) & table.mask;
  while (table.keys[slot] !== 0 && table.keys[slot] !== key) slot = (slot + 1) & table.mask;
  return slot;
}

function grow(table: Table): Table {
  const larger = createTable(table.keys.length * 2);
  for (let index = 0; index < table.keys.length; index++) {
    const key = table.keys[index]!;
    if (key === 0) continue;
    const slot = find(larger, key);
    larger.keys[slot] = key;
    larger.nodes[slot] = table.nodes[index]!;
  }
  return larger;
}
