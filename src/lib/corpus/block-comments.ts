import { commentStyle } from './language.js';

const BY_STYLE: Readonly<Record<string, readonly [string, string]>> = {
  slash: ['/*', '*/'],
  markup: ['<!--', '-->'],
};
const BY_LANGUAGE: Readonly<Record<string, readonly [string, string]>> = {
  python: ['"""', '"""'],
  starlark: ['"""', '"""'],
  julia: ['"""', '"""'],
  elixir: ['"""', '"""'],
  lua: ['--[[', ']]'],
  haskell: ['{-', '-}'],
  ruby: ['=begin', '=end'],
  sql: ['/*', '*/'],
  hcl: ['/*', '*/'],
  powershell: ['<#', '#>'],
  ocaml: ['(*', '*)'],
};

/** Follows a text line by line through comments (and doc strings) of several lines, whose indentation means nothing. */
export function blockComments(language: string): (line: string) => boolean {
  const marks = BY_LANGUAGE[language] ?? BY_STYLE[commentStyle(language)];
  if (marks === undefined) return () => false;
  const [open, close] = marks;
  let inside = false;
  return (line) => {
    const wasInside = inside;
    for (let at = 0; at < line.length;) {
      const found = line.indexOf(inside ? close : open, at);
      if (found === -1) break;
      // `/*` within a string or a glob (`src/**/*.ts`) is no comment.
      if (
        !inside &&
        open !== close &&
        !/^[\s;,{}()*/]*$/.test(line.slice(0, found).slice(-40)) &&
        line.indexOf(close, found) === -1
      ) {
        break;
      }
      at = found + (inside ? close.length : open.length);
      inside = !inside;
    }
    return wasInside;
  };
}
