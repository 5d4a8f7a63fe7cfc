import type { CustomContents, InstanceType } from '@runos/catalog-model';
import type { CustomKind } from '@runos/kube-kinds';
import { groupOf } from '@runos/kube-objects';

interface RestrictedKind {
  readonly kind: CustomKind;
  readonly contents: CustomContents;
}

type Types = readonly Pick<InstanceType, 'type' | 'customKinds' | 'contents'>[];

/** The custom kinds that service types render, each once. @throws Error for one whose type restricts nothing in it */
function restrictedKinds(types: Types): RestrictedKind[] {
  const restricted = new Map<string, RestrictedKind>();
  for (const { type, customKinds, contents = [] } of types) {
    for (const kind of customKinds) {
      const found = contents.find((each) => each.kind === kind.kind);
      if (found === undefined) throw new Error(`${type} has no contents for its kind ${kind.kind}`);
      restricted.set(`${kind.apiVersion}/${kind.kind}`, { kind, contents: found });
    }
  }
  return [...restricted.values()];
}

const isOfKind = ({ kind }: RestrictedKind): string =>
  `request.resource.group == '${groupOf(kind.apiVersion)}' && request.resource.resource == '${kind.resource}'`;

/** The lines of an expression, at the indentation of the manifest. */
const linesOf = (expression: string): string[] =>
  expression
    .trim()
    .split('\n')
    .map((line) => `        ${line.trim()}`);

const variable = (name: string, lines: readonly string[]): string[] => [
  `    - name: ${name}`,
  '      expression: >-',
  ...lines,
];

/** The generated lines of the policy on contents, by the name of their region. */
export function customContents(types: Types): Readonly<Record<string, readonly string[]>> {
  const kinds = restrictedKinds(types);
  return {
    'contents-kinds': kinds.flatMap(({ kind: { apiVersion, resource } }) => [
      `      - apiGroups: [${groupOf(apiVersion)}]`,
      `        apiVersions: [${apiVersion.slice(apiVersion.lastIndexOf('/') + 1)}]`,
      '        operations: [CREATE, UPDATE]',
      `        resources: [${resource}]`,
    ]),
    'contents-variables': [
      ...variable('storages', [
        '        variables.specs.map(spec,',
        ...kinds.flatMap((each) => {
          const { storages } = each.contents;
          return storages === undefined ? [] : linesOf(`${isOfKind(each)} ? dyn(\n${storages.trim()}) :`);
        }),
        '        dyn([]))',
      ]),
      ...kinds.flatMap(({ contents: { variables = [] } }) =>
        variables.flatMap(({ name, expression }) => variable(name, linesOf(expression))),
      ),
    ],
    'contents-rules': kinds.flatMap((each) =>
      each.contents.rules.flatMap(({ expression, message }) => [
        '    - expression: >-',
        ...linesOf(`!(${isOfKind(each)}) || (\n${expression.trim()})`),
        `      message: ${message}`,
        '      reason: Forbidden',
      ]),
    ),
  };
}
