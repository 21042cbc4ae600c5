import { commentStyle } from './language.js';

// What follows is tried on the start of a line only: a very long line must not cost more than others.
export const MAX_LINE_START = 240;

/** The definition that starts on a line. `name` is missing where it has none (a test, an impl of something complex). */
export interface Definition {
  readonly name: string | undefined;
}

const CONTROL = String.raw`(?!(?:if|else|for|foreach|while|switch|catch|return|throw|new|await|yield|typeof|delete|do|try|with|using|lock|function|super|this|elif|sizeof|case|goto|assert|defer|go|select|match|guard|when|unless|until)\b)`;
// Parameters, with one level of brackets inside.
const PARAMETERS = String.raw`\((?:[^()]|\([^()]*\))*\)`;

const JAVASCRIPT = patterns(
  String.raw`(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:async\s+)?function\s*\*?\s*([\w$]+)`,
  String.raw`(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?class\b(?:\s+(?!extends\b)([\w$]+))?`,
  String.raw`(?:export\s+)?(?:declare\s+)?(?:interface|(?:const\s+)?enum|namespace|module)\s+([\w$.]+)`,
  String.raw`(?:export\s+)?(?:declare\s+)?type\s+([\w$]+)\s*(?:<|=)`,
  String.raw`(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|class\b|(?:<[^>]*>\s*)?\([^)]*\)?[^=]*=>|[\w$]+\s*=>|\($)`,
  String.raw`export\s+const\s+([\w$]+)\b.*[[{(]$`,
  String.raw`(?:module\.)?exports\.([\w$]+)\s*=\s*(?:async\s*)?(?:function\b|\(|[\w$]+\s*=>)`,
  String.raw`[\w$.]+\.prototype\.([\w$]+)\s*=`,
  String.raw`(?:(?:public|private|protected|static|override|async|abstract|get|set|readonly|accessor)\s+)+\*?\s*(#?[\w$]+)\s*(?:<[^>]*>)?\(`,
  String.raw`${CONTROL}\*?\s*(#?[\w$]+)\s*(?:<[^>]*>)?${PARAMETERS}\s*(?::[^={]+)?\{$`,
  String.raw`([\w$]+)\s*[:=]\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|[\w$]+\s*=>)`,
  String.raw`(?:describe|it|test|suite|bench|before|after|beforeEach|afterEach|beforeAll|afterAll)(?:\.\w+)*\(`,
);
const PYTHON = patterns(
  String.raw`(?:async\s+)?def\s+(\w+)`,
  String.raw`class\s+(\w+)`,
  String.raw`(?:cdef|cpdef)\s+(?:class\s+)?(?:[\w\[\]*]+\s+)*(\w+)\s*[(:]`,
);
const GO = patterns(
  String.raw`func\s+(?:\([^)]*\)\s*)?(\w+)`,
  String.raw`type\s+(\w+)`,
  String.raw`(?:var|const)\s+(\w+)\s*=\s*func\b`,
);
const RUST = patterns(
  String.raw`(?:pub(?:\([^)]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+(?:"[^"]*"\s+)?)?fn\s+(\w+)`,
  String.raw`(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?(?:struct|enum|trait|union|mod|type)\s+(\w+)`,
  String.raw`(?:unsafe\s+)?impl(?:<.*?>)?\s+(?:.*?\bfor\s+)?&?(?:mut\s+)?(?:\w+::)*(\w+)`,
  String.raw`macro_rules!\s+(\w+)`,
);
const TYPE_MODIFIERS = String.raw`(?:(?:public|private|protected|internal|static|final|abstract|sealed|partial|readonly|unsafe|file|strictfp|non-sealed|export|open|data|inner|value|annotation|expect|actual|inline|fun|case|implicit|lazy|override|virtual|async|extern|new|synchronized|native|default|const|volatile|transient|required|fileprivate|indirect|mutating|nonmutating|convenience|class|dynamic|suspend|operator|infix|tailrec|external|ref)\s+)*`;
const JAVA = patterns(
  String.raw`${TYPE_MODIFIERS}(?:class|interface|enum|record|@interface|struct|namespace|delegate)\s+([\w.]+)`,
  String.raw`${CONTROL}${TYPE_MODIFIERS}(?:<[^>]*>\s*)?[\w.]+(?:<.*?>)?(?:\[\])*\??\s+${CONTROL}(~?\w+)\s*(?:<[^>]*>)?\((?:[^()=]|\([^()]*\)|=[^=>])*(?:\)[^;=]*(?:\{|=>.*)?$|,?$)`,
  String.raw`${CONTROL}${TYPE_MODIFIERS}(\w+)\s*\([^;]*\)[^;=]*\{$`,
  String.raw`(?:(?:public|private|protected|internal|static|virtual|override|abstract|required)\s+)+[\w.<>[\],? ]+\s(\w+)\s*(?:\{|=>)`,
);
const C = patterns(
  String.raw`(?:typedef\s+)?(?:enum\s+class|enum|struct|union|class|namespace|concept)\s+(?:\[\[.*?\]\]\s*)?(?:[A-Z_]+\s+)?([\w:]+)[^;()]*$`,
  String.raw`template\s*<.*>\s*(?:class|struct)\s+(\w+)`,
  String.raw`#\s*define\s+(\w+)\(`,
  String.raw`${CONTROL}(?:template\s*<.*>\s*)?(?:[\w:<>,*&~[\]]+\s+)+[*&]*\s*${CONTROL}((?:\w+(?:<[^>]*>)?::)*(?:operator\s*[^\s\w(]+|~?\w+))\s*\([^;{}]*(?:\)[^;=]*\{?.*|,)$`,
  String.raw`((?:\w+(?:<[^>]*>)?::)+(?:operator\s*[^\s\w(]+|~?\w+))\s*\([^;{}]*(?:\)[^;]*\{?|,)$`,
  String.raw`@(?:interface|implementation|protocol)\s+(\w+)`,
  String.raw`[-+]\s*\([^)]*\)\s*(\w+)`,
);
const KOTLIN = patterns(
  String.raw`${TYPE_MODIFIERS}fun\s+(?:<[^>]*>\s*)?(?:[\w.<>?]+\.)?(\w+|\x60[^\x60]+\x60)\s*\(`,
  String.raw`${TYPE_MODIFIERS}(?:enum\s+class|class|interface|object|typealias)\s+(\w+)`,
  String.raw`companion\s+object\b`,
);
const SCALA = patterns(
  String.raw`(?:(?:private|protected)(?:\[\w+\])?\s+)?${TYPE_MODIFIERS}def\s+([\w]+|[^\s\w(]+)`,
  String.raw`(?:(?:private|protected)(?:\[\w+\])?\s+)?${TYPE_MODIFIERS}(?:class|trait|object|enum|given|extension|type)\s+(\w+)`,
);
const SWIFT = patterns(
  String.raw`(?:@\w+(?:\([^)]*\))?\s+)*${TYPE_MODIFIERS}func\s+(\w+|[^\s\w(]+)`,
  String.raw`(?:@\w+(?:\([^)]*\))?\s+)*${TYPE_MODIFIERS}(?:class|struct|enum|protocol|extension|actor|macro)\s+([\w.]+)`,
  String.raw`(?:@\w+\s+)*${TYPE_MODIFIERS}(init|deinit|subscript)\b`,
);
const PHP = patterns(
  String.raw`(?:(?:public|private|protected|static|final|abstract)\s+)*function\s+&?\s*(\w+)`,
  String.raw`(?:(?:final|abstract|readonly)\s+)*(?:class|interface|trait|enum)\s+(\w+)`,
);
const RUBY = patterns(
  String.raw`(?:(?:private|public|protected|module_function)\s+)?def\s+((?:self\.)?[\w.]+[?!=]?|[^\s\w(]+)`,
  String.raw`(?:class|module)\s+(?!<<)([\w:]+)`,
  String.raw`(?:describe|context|it|RSpec\.describe|task|namespace)\b.*\bdo\b`,
);
const LUA = patterns(
  String.raw`(?:local\s+)?function\s+([\w.:]+)`,
  String.raw`(?:local\s+)?([\w.]+)\s*=\s*function\b`,
);
const SHELL = patterns(String.raw`(?:function\s+)([\w:.-]+)`, String.raw`([\w:.-]+)\s*\(\)`);
const POWERSHELL = patterns(String.raw`(?:function|filter|class|enum)\s+([\w:-]+)`);
const ELIXIR = patterns(
  String.raw`(?:def|defp|defmacro|defmacrop|defguard|defdelegate)\s+([\w?!]+)`,
  String.raw`(?:defmodule|defprotocol|defimpl)\s+([\w.]+)`,
  String.raw`(?:test|describe)\s+"`,
);
const ERLANG = patterns(String.raw`([a-z]\w*)\(.*\)\s*(?:when\b.*)?->`);
const HASKELL = patterns(
  String.raw`(?:data|newtype|type|class|instance)\s+(?:.*=>\s*)?([A-Z]\w*)`,
  String.raw`([a-z_][\w']*)\s*::`,
);
const OCAML = patterns(
  String.raw`(?:let|and)\s+(?:rec\s+)?(?:inline\s+)?([a-z_][\w']*)`,
  String.raw`(?:module|type|class|exception)\s+(?:rec\s+|type\s+)?(?:'\w+\s+)?([A-Za-z_][\w']*)`,
  String.raw`(?:static\s+|override\s+|abstract\s+)?member\s+(?:\w+\.)?(\w+)`,
);
const LISP = patterns(String.raw`\((?:def[\w*+-]*|ns)\s+(?:\^\S+\s+)*\(?([^\s()]+)`);
const JULIA = patterns(
  String.raw`(?:function|macro|(?:mutable\s+)?struct|module|abstract\s+type)\s+([\w.!]+)`,
  String.raw`([\w!]+)\(.*\)\s*=[^=]`,
);
const R = patterns(String.raw`([\w.]+)\s*(?:<-|=)\s*function\b`);
const PERL = patterns(String.raw`sub\s+(\w+)`, String.raw`package\s+([\w:]+)`);
const DART = [...patterns(String.raw`(?:mixin|extension|typedef)\s+(\w+)`), ...JAVA];
const ZIG = patterns(
  String.raw`(?:pub\s+)?(?:export\s+|inline\s+|extern\s+)?fn\s+(\w+)`,
  String.raw`(?:pub\s+)?const\s+(\w+)\s*=\s*(?:packed\s+|extern\s+)?(?:struct|enum|union|opaque)\b`,
  String.raw`test\s+"`,
);
const NIM = patterns(String.raw`(?:proc|func|method|iterator|template|macro|converter)\s+\x60?(\w+)`);
const PASCAL = patterns(String.raw`(?:procedure|function|constructor|destructor)\s+([\w.]+)`);
const BASIC = patterns(
  String.raw`(?:(?:public|private|friend|protected|shared|overrides|overridable)\s+)*(?:sub|function|property|class|module|structure|interface|enum)\s+(\w+)`,
);
const FORTRAN = patterns(String.raw`(?:\w+\s+)*?(?:subroutine|function|module|program)\s+(\w+)`);
const SQL = patterns(
  String.raw`create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:unique\s+)?(?:materialized\s+)?(?:table|view|index|function|procedure|trigger|type|schema|sequence)\s+(?:if\s+not\s+exists\s+)?["\x60[]?([\w.]+)`,
  String.raw`(?:alter\s+table|insert\s+into|update|delete\s+from|select|with)\b`,
);
const PROTOBUF = patterns(
  String.raw`(?:message|service|enum|rpc|struct|interface|union|exception|extend)\s+(\w+)`,
);
const GRAPHQL = patterns(
  String.raw`(?:extend\s+)?(?:type|interface|enum|input|union|scalar|query|mutation|subscription|fragment|directive|model)\s+@?(\w+)`,
);
const HCL = patterns(
  String.raw`(?:resource|data)\s+"([^"]+"\s+"[^"]+)"`,
  String.raw`(?:module|variable|output|provider)\s+"([^"]+)"`,
  String.raw`(?:locals|terraform)\s*\{`,
);
const SOLIDITY = patterns(
  String.raw`(?:abstract\s+)?(?:contract|interface|library|struct|enum|event|error|modifier|function)\s+(\w+)`,
  String.raw`(constructor|receive|fallback)\s*\(`,
);
const MAKE = patterns(
  String.raw`([\w./%$(){}-]+(?:\s+[\w./%$(){}-]+)*)\s*::?(?!=)`,
  String.raw`define\s+(\w+)`,
);
const CMAKE = patterns(
  String.raw`(?:function|macro)\s*\(\s*(\w+)`,
  String.raw`add_(?:executable|library|custom_target|test)\s*\(\s*([\w-]+)`,
);
const STARLARK = [...PYTHON, ...patterns(String.raw`\w+\($`)];
const TCL = patterns(String.raw`proc\s+([\w:]+)`);
const VIM = patterns(String.raw`(?:export\s+)?(?:function|def)!?\s+([\w:#.]+)`);
const VERILOG = patterns(
  String.raw`(?:module|interface|package|class|function|task|entity|architecture)\s+(?:automatic\s+)?(\w+)`,
);
const ADA = patterns(
  String.raw`(?:package\s+body|package|procedure|function|task|entity|architecture|process)\s+([\w.]+)`,
);
const GROOVY = [...patterns(String.raw`(?:def|task)\s+(\w+)\s*[({]`), ...JAVA];
const CSS = patterns(String.raw`(?:[.#@&:*\w[][^{};]*)\{`);
const SHADER = [...patterns(String.raw`(?:@\w+(?:\([^)]*\))?\s+)*fn\s+(\w+)`), ...C];

const FAMILIES: readonly (readonly [string, readonly string[]])[] = [
  ['typescript tsx javascript jsx vue svelte astro coffeescript', JAVASCRIPT],
  ['python mojo gdscript', PYTHON],
  ['starlark', STARLARK],
  ['go', GO],
  ['rust', RUST],
  ['java csharp apex haxe d', JAVA],
  ['groovy', GROOVY],
  ['dart', DART],
  ['c cpp cuda objective-c', C],
  ['glsl hlsl wgsl metal', SHADER],
  ['kotlin', KOTLIN],
  ['scala', SCALA],
  ['swift', SWIFT],
  ['php', PHP],
  ['ruby crystal', RUBY],
  ['lua', LUA],
  ['shell fish awk', SHELL],
  ['powershell', POWERSHELL],
  ['elixir', ELIXIR],
  ['erlang prolog', ERLANG],
  ['haskell elm purescript', HASKELL],
  ['ocaml fsharp reason', OCAML],
  ['clojure lisp emacs-lisp scheme', LISP],
  ['julia', JULIA],
  ['r', R],
  ['perl raku', PERL],
  ['zig', ZIG],
  ['v odin', [...GO, ...RUST]],
  ['nim', NIM],
  ['pascal', PASCAL],
  ['visual-basic', BASIC],
  ['fortran', FORTRAN],
  ['sql', SQL],
  ['protobuf thrift capnp', PROTOBUF],
  ['graphql prisma', GRAPHQL],
  ['hcl', HCL],
  ['solidity', SOLIDITY],
  ['makefile', MAKE],
  ['cmake', CMAKE],
  ['tcl', TCL],
  ['vim', VIM],
  ['verilog', VERILOG],
  ['ada vhdl', ADA],
  ['css scss less', CSS],
];

// Keywords of these, each the first of its family, are written in either case.
const CASELESS = new Set(['sql', 'pascal', 'visual-basic', 'fortran', 'ada', 'powershell', 'cmake']);

const byLanguage = new Map(
  FAMILIES.flatMap(([names, rules]) => {
    const own = names.split(' ');
    const anyRule = new RegExp(`^(?:${rules.join('|')})`, CASELESS.has(own[0]!) ? 'i' : '');
    return own.map((name) => [name, anyRule] as const);
  }),
);

// GNU style puts the return type on a line of its own: the name then starts the line, at the left margin only.
const GNU_STYLE = new Set(['c', 'cpp', 'cuda']);
const GNU_FUNCTION = new RegExp(`^${CONTROL}(\\w+)\\s*\\([^;]*$`);
const GNU_RETURN_TYPE = /^[A-Za-z_][\w\s]*[\w*]$/;

/** The definition that starts on a line (given without its indentation), by the rules of the language, or undefined. */
export function definitionOn(language: string, line: string, isAtMargin: boolean): Definition | undefined {
  const start = line.slice(0, MAX_LINE_START);
  const found =
    byLanguage.get(language)?.exec(start) ??
    (isAtMargin && GNU_STYLE.has(language) ? GNU_FUNCTION.exec(start) : null);
  if (found === null) return undefined;
  let group = 1; // each rule has one at most, and only that of the rule that fits is there
  while (group < found.length && found[group] === undefined) group++;
  return { name: found[group]?.replace(/"\s+"/, '.') };
}

const LINE_COMMENTS = {
  slash: /^(\/\/|\/\*|\*\/)/,
  hash: /^#(?!\[|!\[)/,
  dash: /^(--|\{-)/,
  semicolon: /^(;|#\|)/,
  percent: /^%/,
  markup: /^(<!--|\/\/|\/\*)/,
  quote: /^['"]/,
  none: /^(\/\/|\(\*|\{\*|!|<!--)/,
} as const;

// Decorators, annotations and attributes: they belong to the definition below.
const ATTRIBUTES = /^(@[\w.]+|#!?\[|\[\[?[A-Za-z][\w.:]*(\(.*\))?\]|template\s*<)/;

/** Whether a line only leads up to the next: a comment, a decorator, an annotation, a return type on its own. */
export function leadsTo(language: string, line: string, isAtMargin: boolean): boolean {
  if (isAtMargin && GNU_STYLE.has(language) && GNU_RETURN_TYPE.test(line)) return true;
  return LINE_COMMENTS[commentStyle(language)].test(line) || ATTRIBUTES.test(line);
}

/** Of several the first that fits counts, as of the parts of one expression: to ask one for all takes a fraction of the time. */
function patterns(...rules: string[]): string[] {
  return rules.map((rule) => `(?:${rule})`);
}
