// Owns how large a query may be, measured before it is validated or run.
// Must not know the schema.

import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
} from "graphql";

/** A kubeconfig, a key and a service account's key file at once, as JSON writes their line ends. */
export const maxBodyBytes = 192 * 1024;

/** Deepest nesting of fields; what tools ask of the schema itself (`__schema`) is deeper by nature. */
export const maxDepth = 8;
const maxIntrospectionDepth = 20;

/** Most fields of a document with every fragment written out; aliases count like any field. */
export const maxFields = 400;

/** Most changes that one document asks for: each is written down, and carried out before the next. */
export const maxChanges = 10;

/** Most words of a document: the parser goes as deep as they nest. */
export const maxTokens = 2_000;

/** What is wrong with the size of this query in a sentence, or `null`. */
export function findExcess(document: DocumentNode): string | null {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  let fields = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const size = measure(definition.selectionSet, fragments, new Map());
    if (size === null) return "The query's fragments contain themselves.";
    const isOperation = definition.kind === Kind.OPERATION_DEFINITION;
    fields += isOperation ? size.fields : 0;
    if (Math.max(fields, size.fields) > maxFields) {
      return `The query is too wide: at most ${maxFields} fields in all, fragments written out.`;
    }
    if (isOperation && definition.operation === OperationTypeNode.MUTATION && size.roots > maxChanges) {
      return `The mutation asks for too many changes: at most ${maxChanges} at once.`;
    }
    // How deep a fragment stands is known where it is spread.
    if (isOperation && size.depth > maxDepth)
      return `The query is too deep: at most ${maxDepth} fields within each other.`;
    if (isOperation && size.introspectionDepth > maxIntrospectionDepth) {
      return `The query asks too deep into the schema: at most ${maxIntrospectionDepth} fields within each other.`;
    }
  }
  return null;
}

interface QuerySize {
  /** Fields at the top. */
  readonly roots: number;
  readonly depth: number;
  readonly introspectionDepth: number;
  readonly fields: number;
}

/** Each fragment is measured once (`known`; `null` while under way), so that the work is linear in the document. */
function measure(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  known: Map<string, QuerySize | null>,
): QuerySize | null {
  let [roots, depth, introspectionDepth, fields] = [0, 0, 0, 0];
  for (const selection of set.selections) {
    let size: QuerySize | null = { roots: 0, depth: 0, introspectionDepth: 0, fields: 0 };
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const fragment = fragments.get(name);
      if (known.has(name)) size = known.get(name) ?? null;
      else if (fragment !== undefined) {
        known.set(name, null);
        size = measure(fragment.selectionSet, fragments, known);
        known.set(name, size);
      }
    } else if (selection.selectionSet !== undefined) {
      size = measure(selection.selectionSet, fragments, known);
    }
    if (size === null) return null;
    if (selection.kind === Kind.FIELD) size = within(selection.name.value, size);
    roots += size.roots;
    depth = Math.max(depth, size.depth);
    introspectionDepth = Math.max(introspectionDepth, size.introspectionDepth);
    fields += size.fields;
  }
  return { roots, depth, introspectionDepth, fields };
}

/** The size of a field with this in it. Everything below `__schema` or `__type` counts as introspection. */
function within(name: string, size: QuerySize): QuerySize {
  const fields = size.fields + 1;
  if (name === "__schema" || name === "__type") {
    return { roots: 1, depth: 1, introspectionDepth: Math.max(size.depth, size.introspectionDepth) + 1, fields };
  }
  return {
    roots: 1,
    depth: size.depth + 1,
    introspectionDepth: size.introspectionDepth === 0 ? 0 : size.introspectionDepth + 1,
    fields,
  };
}
