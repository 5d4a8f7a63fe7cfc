import { dirname, join, sep } from 'node:path';

/** Folders that are frozen as a whole: the renderers of a type, and the helpers of the same version. */
const frozenFolder =
  /^(?<folder>.*\/libs\/catalog\/(?:types\/src\/[^/]+\/v|model\/src\/render-v)(?<version>\d+))\/(?!.*\.spec\.ts$)/;

/** Faults are no output of a renderer. */
const isFaultOnly = (source, specifiers) =>
  source === '@runos/kernel' &&
  specifiers.length > 0 &&
  specifiers.every(({ imported, local }) => (imported ?? local)?.name === 'Fault');

const isTypeOnly = ({ importKind, exportKind, specifiers = [] }) =>
  importKind === 'type' ||
  exportKind === 'type' ||
  (specifiers.length > 0 && specifiers.every((each) => each.importKind === 'type' || each.exportKind === 'type'));

/**
 * A renderer's output never changes, so all code that it runs is frozen with it. It imports files of its own folder,
 * and the helpers `@runos/catalog-model/render-v<N>` of its own version. Other modules may be imported for their types.
 */
export const renderersImportFrozenCode = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      thawed:
        '{{source}} may change, and then so would the output of renderers of version {{version}}. Copy what is needed into this folder or into render-v{{version}}.',
    },
  },
  create: (context) => {
    const filename = context.filename.split(sep).join('/');
    const { folder, version } = frozenFolder.exec(filename)?.groups ?? {};
    if (folder === undefined) return {};
    const isFrozen = (source) =>
      source === `@runos/catalog-model/render-v${version}` ||
      (source.startsWith('.') && `${join(dirname(filename), source)}`.startsWith(`${folder}/`));
    const check = (node) => {
      const source = node.source?.value;
      if (node.source == null || isTypeOnly(node)) return;
      if (typeof source === 'string' && (isFrozen(source) || isFaultOnly(source, node.specifiers ?? []))) return;
      context.report({ node, messageId: 'thawed', data: { source: String(source), version } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
