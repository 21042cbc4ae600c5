// What a node defines, by the shapes that definitions have in the grammars.
import { DEFINITIONS, FUNCTION_VALUES, WRAPPERS } from './grammars.js';

/** @typedef {import('web-tree-sitter').Node} Node */

/** Set to something large, at the top of a file these are what it is about. */
const VARIABLES = new Set(['lexical_declaration', 'variable_declaration']);
/** Shorter ones are `private set` and the like. */
const PROPERTY_LINES = 3;
const PROPERTY = /^(property|event)_declaration$|^(public_)?field_definition$/;
const TYPE_BODY = /(class|protocol)_body$|^(source_file|declaration_list)$/;
const NEEDS_BODY = new Set(['class_specifier', 'struct_specifier', 'union_specifier', 'enum_specifier']);

/**
 * The definition that a node is, or has in it under an `export` or a decorator; undefined for none.
 *
 * @param {Node} node  or null: a union would be lost where the parser is not installed
 * @param {number} depth of the lists that it stands in
 * @returns {{name: string | undefined} | undefined}
 */
export function definitionIn(node, depth) {
  if (node === null) return undefined;
  const { type } = node;
  if (DEFINITIONS.has(type)) {
    if (NEEDS_BODY.has(type) && node.childForFieldName('body') === null) return undefined;
    if (type === 'field_declaration' && !isPrototype(node)) return undefined;
    return { name: nameOf(node) };
  }
  if (WRAPPERS.has(type)) {
    for (const child of node.namedChildren) {
      const found = definitionIn(child, depth);
      if (found !== undefined) return found;
    }
    return type === 'declaration' && depth === 0 && isPrototype(node) ? { name: nameOf(node) } : undefined;
  }
  if (VARIABLES.has(type)) {
    const declared = node.namedChildren.find((child) => child?.type === 'variable_declarator');
    const value = declared?.childForFieldName('value')?.type ?? '';
    const isDefinition = FUNCTION_VALUES.has(value) || (depth === 0 && value !== '' && linesOf(node) > 1);
    return declared && isDefinition ? { name: nameOf(declared) } : undefined;
  }
  if (type === 'assignment_expression' || type === 'assignment') {
    const isFunction = FUNCTION_VALUES.has(node.childForFieldName('right')?.type ?? '');
    const left = node.childForFieldName('left')?.text;
    return isFunction && left !== undefined ? { name: left.split('.').at(-1) } : undefined;
  }
  if (type === 'pair') {
    const isFunction = FUNCTION_VALUES.has(node.childForFieldName('value')?.type ?? '');
    return isFunction ? { name: node.childForFieldName('key')?.text } : undefined;
  }
  const isProperty = PROPERTY.test(type) && linesOf(node) >= PROPERTY_LINES;
  return isProperty && TYPE_BODY.test(node.parent?.type ?? '') ? { name: nameOf(node) } : undefined;
}

/** A function of C or C++ that is declared only; below the top of a file this looks like a variable. */
function isPrototype(/** @type {Node} */ node) {
  let inner = node.childForFieldName('declarator');
  while (inner !== null && /^(pointer|reference)_declarator$/.test(inner.type))
    inner = inner.childForFieldName('declarator') ?? inner.namedChild(0);
  return inner?.type === 'function_declarator';
}

function linesOf(/** @type {Node} */ { startPosition, endPosition }) {
  return endPosition.row - startPosition.row + 1;
}

/** @returns {string | undefined} */
function nameOf(/** @type {Node} */ node) {
  if (node.type === 'constructor_definition') return 'constructor';
  if (node.type === 'subscript_declaration') return 'subscript';
  const named = node.childForFieldName('name') ?? node.childForFieldName('property');
  if (named !== null) return named.text;
  // C and C++ wrap the name in what makes it a pointer or a function; an `impl` is called like its type.
  const inner =
    node.childForFieldName('declarator') ??
    (node.type === 'impl_item' ? node.childForFieldName('type') : null) ??
    node.namedChildren.find(
      (child) =>
        child !== null && /^(variable_declaration|property_element|variable_declarator)$/.test(child.type),
    );
  if (!inner) return undefined;
  const isName = /identifier|^(operator_name|destructor_name|type_identifier)$/.test(inner.type);
  return isName
    ? inner.text
    : (nameOf(inner) ?? inner.namedChildren.find((child) => child?.type === 'identifier')?.text);
}
