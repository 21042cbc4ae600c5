// Which grammar parses which of the product's languages, and what is in its tree. The newest builds come first: where
// several packages have a grammar, the first one that web-tree-sitter can load counts.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { LANGUAGES } from '../../dist/lib/corpus/languages.js';

const installed = path.join(import.meta.dirname, 'node_modules');
const FOLDERS = [
  '@repomix/tree-sitter-wasms/out',
  '@vscode/tree-sitter-wasm/wasm',
  '@tree-sitter-grammars/tree-sitter-kotlin',
  '@cursorless/tree-sitter-wasms/out',
];
/** Grammars that are not called like the language; headers of C++ are `c` by their ending, so C is parsed as C++. */
const NAMES = /** @type {Record<string, string>} */ ({
  c: 'cpp',
  jsx: 'javascript',
  csharp: 'c_sharp',
  shell: 'bash',
  'objective-c': 'objc',
  'emacs-lisp': 'elisp',
});

/** The file of a language's grammar, if there is one. */
export function grammarFile(/** @type {string} */ language) {
  const name = NAMES[language] ?? language;
  return FOLDERS.map((folder) => path.join(installed, folder, `tree-sitter-${name}.wasm`)).find((file) =>
    existsSync(file),
  );
}

/** What it would take to install the parser with a grammar for each language that the product cuts as code. */
export function installSize() {
  const code = LANGUAGES.filter(({ kind }) => kind === 'code').map(({ name }) => name);
  const files = new Set(code.map(grammarFile).filter((file) => file !== undefined));
  const runtime = ['web-tree-sitter.js', 'web-tree-sitter.wasm'].map((name) =>
    path.join(installed, 'web-tree-sitter', name),
  );
  return {
    languages: code.length,
    withGrammar: code.filter((name) => grammarFile(name) !== undefined).length,
    runtime: bytesOf(runtime),
    grammars: bytesOf([...files]),
  };
}

/** Bytes of the grammars of some languages. */
export function grammarBytes(/** @type {readonly string[]} */ languages) {
  return bytesOf([...new Set(languages.map(grammarFile).filter((file) => file !== undefined))]);
}

function bytesOf(/** @type {readonly string[]} */ files) {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

const words = (/** @type {string} */ list) => new Set(list.trim().split(/\s+/));

/** Their children are statements, members or elements: places to cut between. */
const LISTS = words(`
  statement_block class_body switch_body switch_case interface_body object_type enum_body object array class_static_block
  block constructor_body annotation_type_body switch_block switch_block_statement_group
  array_initializer module_body
  enum_class_body lambda_literal collection_literal
  then begin else ensure do hash parenthesized_statements
  declaration_list compound_statement enum_declaration_list array_creation_expression match_block case_statement
  default_statement colon_block
  field_declaration_list interface_type import_spec_list var_spec_list literal_value expression_case
  default_case type_case communication_case const_declaration
  protocol_body computed_property array_literal dictionary_literal switch_entry
  enumerator_list initializer_list
  dictionary list set
  enum_member_declaration_list accessor_list switch_section initializer_expression
  contract_body function_body block_statement struct_body
  enum_variant_list field_initializer_list array_expression use_list
`);
/** Lists that may stand within the brackets of another list, and are then the same one. */
const INNER_LISTS = words(`
  statements statement_list body_statement block_body enum_body_declarations
`);
/** Lists that do not indent what is in them: no depth of their own. */
const FLAT = words(`
  namespace_definition namespace_declaration file_scoped_namespace_declaration linkage_specification
  preproc_if preproc_ifdef preproc_else preproc_elif ERROR
`);
/** Children of these are items wherever they stand. */
const CASES = words(`
  switch_case switch_default case_statement default_statement switch_section switch_entry when_entry when
  expression_case default_case type_case communication_case switch_block_statement_group match_arm case_clause
`);
/** They go on with the statement before them, though they may stand in a list. */
const CONTINUATIONS = words(`
  rescue ensure else else_clause else_if_clause elsif elif_clause catch_clause finally_clause catch_block finally_block
`);
/** With a name, these are definitions in the middle of an expression. */
const INLINE = words('function_expression generator_function');
export const DEFINITIONS = words(`
  function_declaration generator_function_declaration class_declaration abstract_class_declaration
  interface_declaration enum_declaration type_alias_declaration internal_module module method_definition
  function_signature
  record_declaration annotation_type_declaration method_declaration constructor_declaration
  compact_constructor_declaration static_initializer
  object_declaration companion_object secondary_constructor type_alias
  class method singleton_method singleton_class
  trait_declaration function_definition
  type_spec
  protocol_declaration protocol_function_declaration init_declaration deinit_declaration subscript_declaration
  class_specifier struct_specifier union_specifier enum_specifier concept_definition
  preproc_function_def
  class_definition field_declaration function_expression generator_function
  struct_declaration delegate_declaration destructor_declaration operator_declaration
  conversion_operator_declaration indexer_declaration local_function_statement
  contract_declaration library_declaration modifier_definition constructor_definition
  fallback_receive_definition event_definition error_declaration
  function_item struct_item enum_item trait_item impl_item mod_item union_item macro_definition
`);
/** Definitions only where they have a body that takes more than a line. */
const LARGE_DEFINITIONS = words(`
  property_declaration field_definition public_field_definition event_declaration pair lexical_declaration
  variable_declaration assignment_expression assignment
`);
/** What stands around a definition, and is its first line. */
export const WRAPPERS = words(`
  export_statement decorated_definition template_declaration type_declaration expression_statement ambient_declaration
  type_definition declaration
`);
const COMMENTS = words(`
  comment line_comment block_comment multiline_comment html_comment doc_comment
`);
/** They stand alone in front of what they belong to. */
const ATTRIBUTES = words('attribute_item');
/** Never cut if it can be helped, and nothing in them is looked at. */
const STRINGS =
  /string|heredoc|nowdoc|regex|character_literal|char_literal|preproc_def$|preproc_call|jsx_text/;
const CLOSER = /^([)\]}]+|end|>)$/;
export const FUNCTION_VALUES = words(`
  arrow_function function_expression function class generator_function func_literal lambda lambda_literal
  anonymous_function anonymous_function_creation_expression
`);

/** What a type of node is, as flags. */
export const KIND = {
  named: 1,
  list: 2,
  inner: 4,
  flat: 8,
  case: 16,
  definition: 32,
  large: 64,
  lead: 128,
  text: 256,
  closer: 512,
  goesOn: 1024,
  inline: 2048,
};

export function kindOf(/** @type {string} */ type, /** @type {boolean} */ isNamed) {
  if (!isNamed) return CLOSER.test(type) ? KIND.closer : 0;
  return (
    KIND.named |
    (LISTS.has(type) || INNER_LISTS.has(type) || FLAT.has(type) ? KIND.list : 0) |
    (INNER_LISTS.has(type) ? KIND.inner : 0) |
    (FLAT.has(type) ? KIND.flat : 0) |
    (CASES.has(type) ? KIND.case : 0) |
    (INLINE.has(type) ? KIND.inline : 0) |
    (CONTINUATIONS.has(type) ? KIND.goesOn : 0) |
    (DEFINITIONS.has(type) ? KIND.definition : 0) |
    (LARGE_DEFINITIONS.has(type) || WRAPPERS.has(type) ? KIND.large : 0) |
    (COMMENTS.has(type) || ATTRIBUTES.has(type) ? KIND.lead : 0) |
    (STRINGS.test(type) ? KIND.text : 0)
  );
}
