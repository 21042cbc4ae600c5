import { isUtf8 } from 'node:buffer';
import type { Encoding } from './types.js';

/** How many bytes from the start of a file tell binary from text. */
export const SNIFFED_BYTES = 8192;

const NUL = 0;
// A file that was UTF-8 before something damaged a few bytes is still better read as UTF-8.
const MAX_DAMAGED_SHARE = 0.1;
// Beyond these shares, bytes are compressed or encoded data and not the text of any one-byte encoding.
const MAX_CONTROL_SHARE = 0.005;
const MAX_HIGH_SHARE = 0.4;

/** The encoding that the byte order mark of a UTF-16 text names. A UTF-32 mark, which begins alike, is none. */
function utf16Mark(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe && !(bytes[2] === 0 && bytes[3] === 0 && bytes.length >= 4))
    return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** NUL bytes stand in no text but UTF-16 and UTF-32. */
export function hasNul(bytes: Uint8Array): boolean {
  return utf16Mark(bytes) === undefined && bytes.includes(NUL);
}

/**
 * The bytes as text, byte order mark removed: UTF-16 by its mark, UTF-8 where it is valid or nearly so (what is not
 * becomes U+FFFD), else Windows-1252. Undefined for bytes that are no text.
 */
export function decode(bytes: Uint8Array): { text: string; encoding: Encoding } | undefined {
  const encoding = utf16Mark(bytes);
  if (encoding !== undefined) {
    const text = new TextDecoder(encoding).decode(bytes);
    return text.includes('\0') ? undefined : { text, encoding };
  }
  const text = new TextDecoder('utf-8').decode(bytes);
  if (isUtf8(bytes) || isSlightlyDamaged(text)) return { text, encoding: 'utf-8' };
  return isOneByteText(bytes)
    ? { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' }
    : undefined;
}

function isSlightlyDamaged(text: string): boolean {
  let damaged = 0;
  let intact = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) damaged++;
    else if (code > 0x7f) intact++;
  }
  return damaged <= intact * MAX_DAMAGED_SHARE;
}

function isOneByteText(bytes: Uint8Array): boolean {
  let control = 0;
  let high = 0;
  for (const byte of bytes) {
    // Tab, line feed, form feed, carriage return and escape stand in texts.
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) control++;
    else if (byte > 0x7f) high++;
  }
  return control <= bytes.length * MAX_CONTROL_SHARE && high <= bytes.length * MAX_HIGH_SHARE;
}
