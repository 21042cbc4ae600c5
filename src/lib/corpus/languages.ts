import type { ContentKind } from './types.js';

/** How a line comment starts: needed to keep a comment with the definition below it. */
export type CommentStyle = 'slash' | 'hash' | 'dash' | 'semicolon' | 'percent' | 'markup' | 'quote' | 'none';

export interface Language {
  readonly name: string;
  readonly kind: ContentKind;
  readonly comment: CommentStyle;
  readonly extensions: readonly string[];
  /** Whole file names, in lower case. */
  readonly files: readonly string[];
  /** Programs of a shebang line, without their version number. */
  readonly interpreters: readonly string[];
  /** Other names that people type. */
  readonly aliases: readonly string[];
}

interface Details {
  readonly files?: string;
  readonly run?: string;
  readonly alias?: string;
}

const list = (words = ''): string[] => words.split(' ').filter(Boolean);

function language(
  kind: ContentKind,
  comment: CommentStyle,
  name: string,
  extensions: string,
  details: Details = {},
): Language {
  return {
    name,
    kind,
    comment,
    extensions: list(extensions),
    files: list(details.files),
    interpreters: list(details.run),
    aliases: list(details.alias),
  };
}

const code = (comment: CommentStyle, name: string, extensions: string, details?: Details): Language =>
  language('code', comment, name, extensions, details);
const prose = (name: string, extensions: string, details?: Details): Language =>
  language('prose', 'none', name, extensions, details);

/** Where two languages share an extension, the one that is more often meant has it. */
export const LANGUAGES: readonly Language[] = [
  code('slash', 'typescript', 'ts mts cts', { run: 'ts-node tsx deno bun', alias: 'ts' }),
  code('slash', 'tsx', 'tsx'),
  code('slash', 'javascript', 'js mjs cjs es6', { run: 'node nodejs', alias: 'js' }),
  code('slash', 'jsx', 'jsx'),
  code('hash', 'python', 'py pyi pyw pyx', { run: 'python pypy', files: 'wscript sconstruct', alias: 'py' }),
  code('slash', 'go', 'go', { alias: 'golang' }),
  code('slash', 'go-module', '', { files: 'go.mod go.work', alias: 'gomod' }),
  code('slash', 'rust', 'rs', { alias: 'rs' }),
  code('slash', 'java', 'java'),
  code('slash', 'kotlin', 'kt kts', { alias: 'kt' }),
  code('slash', 'scala', 'scala sc sbt', { run: 'scala' }),
  code('slash', 'groovy', 'groovy gradle gvy', { run: 'groovy', files: 'jenkinsfile' }),
  code('slash', 'c', 'c h', { alias: 'ansi-c' }),
  code('slash', 'cpp', 'cpp cc cxx c++ hpp hh hxx h++ ipp inl tpp ino', { alias: 'c++ cplusplus' }),
  code('slash', 'cuda', 'cu cuh'),
  code('slash', 'objective-c', 'm mm', { alias: 'objc objectivec obj-c' }),
  code('slash', 'csharp', 'cs csx cake', { alias: 'c# cs' }),
  code('slash', 'fsharp', 'fs fsi fsx', { alias: 'f#' }),
  code('quote', 'visual-basic', 'vb bas vbs', { alias: 'vb vbnet' }),
  code('slash', 'swift', 'swift', { run: 'swift' }),
  code('slash', 'dart', 'dart', { run: 'dart' }),
  code('slash', 'php', 'php phtml php3 php4 php5', { run: 'php' }),
  code('hash', 'ruby', 'rb rake gemspec ru podspec', {
    run: 'ruby jruby',
    files: 'gemfile rakefile guardfile capfile vagrantfile podfile fastfile brewfile',
    alias: 'rb',
  }),
  code('hash', 'crystal', 'cr'),
  code('hash', 'perl', 'pl pm t pod', { run: 'perl', alias: 'pl' }),
  code('hash', 'raku', 'raku rakumod p6 pm6', { run: 'raku perl6' }),
  code('dash', 'lua', 'lua rockspec', { run: 'lua luajit' }),
  code('hash', 'shell', 'sh bash zsh ksh bats command', {
    run: 'sh bash zsh ksh dash ash bats',
    files: 'bashrc zshrc profile pkgbuild apkbuild',
    alias: 'sh bash zsh shellscript',
  }),
  code('hash', 'fish', 'fish', { run: 'fish' }),
  code('hash', 'powershell', 'ps1 psm1 psd1', { run: 'pwsh powershell', alias: 'ps1 pwsh' }),
  code('none', 'batch', 'bat cmd', { alias: 'bat cmd' }),
  code('quote', 'vim', 'vim vimrc', { files: '.vimrc _vimrc', alias: 'viml vimscript' }),
  code('hash', 'awk', 'awk', { run: 'awk gawk mawk' }),
  code('hash', 'tcl', 'tcl tk', { run: 'tclsh wish' }),
  code('hash', 'elixir', 'ex exs', { run: 'elixir', alias: 'ex' }),
  code('percent', 'erlang', 'erl hrl', { run: 'escript', files: 'rebar.config' }),
  code('dash', 'haskell', 'hs lhs cabal', { run: 'runhaskell', alias: 'hs' }),
  code('dash', 'elm', 'elm'),
  code('dash', 'purescript', 'purs'),
  code('none', 'ocaml', 'ml mli', { run: 'ocaml', alias: 'ml' }),
  code('slash', 'reason', 're rei res resi', { alias: 'rescript' }),
  code('semicolon', 'clojure', 'clj cljs cljc edn', { run: 'clojure bb', alias: 'clj' }),
  code('semicolon', 'lisp', 'lisp lsp cl', { run: 'sbcl clisp', alias: 'common-lisp' }),
  code('semicolon', 'emacs-lisp', 'el', { alias: 'elisp' }),
  code('semicolon', 'scheme', 'scm ss rkt', { run: 'guile racket', alias: 'racket' }),
  code('hash', 'julia', 'jl', { run: 'julia', alias: 'jl' }),
  code('hash', 'r', 'r rprofile', { run: 'rscript', alias: 'rlang' }),
  code('percent', 'matlab', 'mlx octave', { run: 'octave', alias: 'octave' }),
  code('none', 'fortran', 'f f77 f90 f95 f03 f08 for'),
  code('none', 'cobol', 'cob cbl cpy'),
  code('none', 'pascal', 'pas dpr lpr', { alias: 'delphi' }),
  code('dash', 'ada', 'adb ads'),
  code('slash', 'd', 'd di', { run: 'rdmd', alias: 'dlang' }),
  code('hash', 'nim', 'nim nims nimble'),
  code('slash', 'zig', 'zig zon'),
  code('slash', 'v', 'v vsh', { alias: 'vlang' }),
  code('slash', 'odin', 'odin'),
  code('hash', 'mojo', 'mojo'),
  code('percent', 'prolog', 'pro prolog', { run: 'swipl' }),
  code('semicolon', 'assembly', 'asm s nasm', { alias: 'asm' }),
  code('semicolon', 'webassembly', 'wat wast', { alias: 'wasm wat' }),
  code('semicolon', 'llvm', 'll'),
  code('slash', 'verilog', 'sv svh vh', { alias: 'systemverilog' }),
  code('dash', 'vhdl', 'vhd vhdl'),
  code('slash', 'solidity', 'sol', { alias: 'sol' }),
  code('hash', 'gdscript', 'gd', { alias: 'gd' }),
  code('slash', 'glsl', 'glsl vert frag geom comp', { alias: 'shader' }),
  code('slash', 'hlsl', 'hlsl fx fxh'),
  code('slash', 'wgsl', 'wgsl'),
  code('slash', 'metal', 'metal'),
  code('slash', 'apex', 'apex cls trigger'),
  code('dash', 'applescript', 'applescript scpt', { run: 'osascript' }),
  code('hash', 'coffeescript', 'coffee litcoffee', { files: 'cakefile', run: 'coffee', alias: 'coffee' }),
  code('slash', 'haxe', 'hx'),
  code('markup', 'vue', 'vue'),
  code('markup', 'svelte', 'svelte'),
  code('markup', 'astro', 'astro'),
  code('markup', 'html', 'html htm xhtml', { alias: 'htm' }),
  code(
    'markup',
    'xml',
    'xml xsd xsl xslt wsdl svg plist csproj vbproj fsproj props targets xaml resx storyboard xib',
  ),
  code(
    'none',
    'template',
    'hbs handlebars mustache ejs erb haml pug jade jinja jinja2 j2 twig liquid njk tmpl',
    {
      alias: 'handlebars ejs erb jinja pug twig',
    },
  ),
  code('slash', 'css', 'css'),
  code('slash', 'scss', 'scss'),
  code('slash', 'sass', 'sass'),
  code('slash', 'less', 'less'),
  code('slash', 'stylus', 'styl'),
  code('none', 'json', 'json json5 jsonc geojson webmanifest har', { alias: 'jsonc json5' }),
  code('none', 'jsonl', 'jsonl ndjson', { alias: 'ndjson' }),
  code('hash', 'yaml', 'yaml yml', { alias: 'yml' }),
  code('hash', 'toml', 'toml', { files: 'pipfile' }),
  code('hash', 'ini', 'ini cfg conf properties editorconfig service desktop', {
    files: '.editorconfig .gitconfig',
    alias: 'cfg conf properties',
  }),
  code('dash', 'sql', 'sql psql ddl dml', { alias: 'mysql postgresql' }),
  code('hash', 'graphql', 'graphql gql graphqls', { alias: 'gql' }),
  code('slash', 'protobuf', 'proto', { alias: 'proto' }),
  code('slash', 'thrift', 'thrift'),
  code('slash', 'capnp', 'capnp'),
  code('hash', 'prisma', 'prisma'),
  code('hash', 'hcl', 'hcl tf tfvars nomad', { alias: 'terraform tf' }),
  code('hash', 'nix', 'nix'),
  code('hash', 'starlark', 'bzl star bazel', { files: 'build workspace tiltfile', alias: 'bazel' }),
  code('hash', 'cmake', 'cmake', { files: 'cmakelists.txt' }),
  code('hash', 'makefile', 'mk mak make', {
    files: 'makefile gnumakefile justfile',
    run: 'make',
    alias: 'make',
  }),
  code('hash', 'meson', 'meson', { files: 'meson.build meson_options.txt' }),
  code('hash', 'dockerfile', 'dockerfile', { files: 'dockerfile containerfile', alias: 'docker' }),
  code('hash', 'nginx', 'nginx nginxconf', { files: 'nginx.conf' }),
  code('none', 'diff', 'diff patch', { alias: 'patch' }),
  language('markdown', 'none', 'markdown', 'md markdown mdx mdown mkd mdc qmd rmd', { alias: 'md mdx' }),
  prose('restructuredtext', 'rst rest', { alias: 'rst' }),
  prose('asciidoc', 'adoc asciidoc asc', { alias: 'adoc' }),
  prose('org', 'org'),
  prose('tex', 'tex sty ltx bib', { alias: 'latex' }),
  prose('textile', 'textile'),
  prose('csv', 'csv tsv', { alias: 'tsv' }),
  prose('subtitles', 'srt vtt'),
  prose('text', 'txt text log me', {
    files:
      'license licence copying notice authors contributors maintainers readme changelog changes install todo',
    alias: 'txt plaintext plain',
  }),
];
