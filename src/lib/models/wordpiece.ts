import { EmbedSearchError } from '../errors.js';
import { readGgufMetadata } from './gguf-metadata.js';
import { shippedModelPath } from './resolve-model.js';
import { createTrie } from './token-trie.js';

const WORD_START = 0x2581;

// What a character does to the words around it.
const PART_OF_WORD = 1;
const WORD_OF_ITS_OWN = 2;
const SPACE = 3;
const DROPPED = 4;

/**
 * Counts the tokens of a text, without [CLS] and [SEP], exactly as llama.cpp's WordPiece tokenizer does after the
 * text was NFD-normalised and rid of its marks. Counts add up over whitespace. `vocabulary` as in the GGUF metadata:
 * a word's start has U+2581 in front, a continuation has nothing.
 * Source: llama.cpp, src/llama-vocab.cpp, `llm_tokenizer_wpm_session`.
 */
export function createWordPieceCounter(vocabulary: Iterable<string>): (text: string) => number {
  const trie = createTrie(vocabulary);
  const kinds = new Uint32Array(0x10000); // by code unit, filled as characters are met: lower case << 3 | kind
  let word = new Uint16Array(256);
  word[0] = WORD_START;
  let length = 1;

  const endWord = (): number => {
    if (length === 1) return 0;
    const tokens = countWord(trie, word, length);
    length = 1;
    return tokens;
  };
  const append = (unit: number): void => {
    if (length === word.length) {
      const larger = new Uint16Array(length * 2);
      larger.set(word);
      word = larger;
    }
    word[length++] = unit;
  };
  const appendCharacter = (character: number): void => {
    if (character < 0x10000) return append(character);
    append(0xd800 + ((character - 0x10000) >> 10));
    append(0xdc00 + (character & 0x3ff));
  };

  return (text) => {
    const decomposed = isAscii(text) ? text : text.normalize('NFD');
    let tokens = 0;
    for (let index = 0; index < decomposed.length; index++) {
      const unit = decomposed.charCodeAt(index);
      let kind = kinds[unit]!;
      if (kind === 0) {
        const character = decomposed.codePointAt(index)!;
        kind = classify(character);
        if (character !== unit) index++;
        else if (unit < 0xd800 || unit > 0xdfff) kinds[unit] = kind; // half a pair says nothing about the pair
      }
      switch (kind & 7) {
        case PART_OF_WORD:
          appendCharacter(kind >>> 3);
          break;
        case SPACE:
          tokens += endWord();
          break;
        case WORD_OF_ITS_OWN:
          tokens += endWord();
          appendCharacter(kind >>> 3);
          tokens += endWord();
          break;
        default: // dropped, and the word goes on
      }
    }
    return tokens + endWord();
  };
}

/** The counter of the model that ships. Errors: MODEL_MISSING, MODEL_INVALID. */
export async function loadShippedTokenCounter(): Promise<(text: string) => number> {
  const file = shippedModelPath();
  const { arrays } = await readGgufMetadata(file, { arrays: ['tokenizer.ggml.tokens'] });
  const tokens = arrays.get('tokenizer.ggml.tokens') as readonly string[] | undefined;
  if (tokens === undefined) throw new EmbedSearchError('MODEL_INVALID', `${file} holds no vocabulary.`);
  return createWordPieceCounter(tokens);
}

/** Longest match first; a word that cannot be spelled to its end is one unknown token, whatever matched before. */
function countWord(trie: ReturnType<typeof createTrie>, word: Uint16Array, length: number): number {
  let tokens = 0;
  for (let start = 0; start < length; tokens++) {
    const matched = trie.longestMatch(word, start, length);
    if (matched === 0) return 1;
    start += matched;
  }
  return tokens;
}

function classify(character: number): number {
  const text = String.fromCodePoint(character);
  const kind = kindOf(character, text);
  return ((text.toLowerCase().codePointAt(0)! << 3) | kind) >>> 0;
}

function kindOf(character: number, text: string): number {
  if (/^[\s\u0085]$/u.test(text) && character !== 0xfeff) return SPACE;
  if (character === 0xfffd || /^[\p{M}\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u.test(text)) return DROPPED;
  if (/^\p{P}$/u.test(text) || (character < 0x7f && /^\p{S}$/u.test(text)) || isChinese(character))
    return WORD_OF_ITS_OWN;
  return PART_OF_WORD;
}

function isChinese(character: number): boolean {
  return (
    (character >= 0x4e00 && character <= 0x9fff) ||
    (character >= 0x3400 && character <= 0x4dbf) ||
    (character >= 0x20000 && character <= 0x2a6df) ||
    (character >= 0x2a700 && character <= 0x2b73f) ||
    (character >= 0x2b740 && character <= 0x2b81f) ||
    (character >= 0x2b920 && character <= 0x2ceaf) || // llama.cpp follows the Rust tokenizers here, not Unicode
    (character >= 0xf900 && character <= 0xfaff) ||
    (character >= 0x2f800 && character <= 0x2fa1f)
  );
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
