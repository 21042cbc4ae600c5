/** Where each line of a text starts and ends. Line breaks are LF and CRLF. */
export interface TextLines {
  readonly text: string;
  readonly count: number;
  readonly starts: Uint32Array;
  /** Behind the last character that is not blank; equal to the start for a blank line. */
  readonly ends: Uint32Array;
}

export function textLines(text: string): TextLines {
  const starts: number[] = [];
  const ends: number[] = [];
  for (let from = 0; from < text.length;) {
    const found = text.indexOf('\n', from);
    const to = found === -1 ? text.length : found;
    let end = to;
    while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
    starts.push(from);
    ends.push(end);
    from = to + 1;
  }
  return { text, count: starts.length, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

export function lineText(lines: TextLines, line: number): string {
  return lines.text.slice(lines.starts[line], lines.ends[line]);
}

export function isBlankLine(lines: TextLines, line: number): boolean {
  return lines.starts[line] === lines.ends[line];
}

/** As `\s` has it, which `trim` and the words of a text agree with. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || (code >= 0x85 && /\s/.test(String.fromCharCode(code)));
}
