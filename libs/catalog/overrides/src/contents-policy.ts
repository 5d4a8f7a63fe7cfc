import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import type { KindCatalog } from '@runos/kube-kinds';
import { groupOf, type KubeObject } from '@runos/kube-objects';
import { readFileSync } from 'node:fs';

/** The rules of the agent's admission policy on the contents of objects: `npm run manifests` copies it from there. */
export interface ContentsPolicy {
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** The file with the policy. */
export const contentsPolicyFile = new URL('../data/contents-policy.json', import.meta.url).pathname;

/** The policy is ours; its longest expressions have some hundred nodes. */
const limits = { maxAstNodes: 5_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 8 };

const environment = new Environment({ limits, homogeneousAggregateLiterals: false })
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('request', 'dyn')
  .registerVariable('variables', 'dyn')
  // Only a rule about updates calls them.
  .registerFunction('quantity(dyn): dyn', (value: unknown) => value)
  .registerFunction('dyn.isLessThan(dyn): bool', () => false);

interface CompiledPolicy {
  readonly variables: readonly { readonly name: string; readonly valueOf: ParseResult }[];
  readonly validations: readonly { readonly holds: ParseResult; readonly message: string }[];
}

let compiled: CompiledPolicy | undefined;

function policy(): CompiledPolicy {
  if (compiled !== undefined) return compiled;
  const { variables, validations } = JSON.parse(readFileSync(contentsPolicyFile, 'utf8')) as ContentsPolicy;
  compiled = {
    variables: variables.map(({ name, expression }) => ({ name, valueOf: environment.parse(expression) })),
    validations: validations.map(({ expression, message }) => ({ holds: environment.parse(expression), message })),
  };
  return compiled;
}

/**
 * Why the agent's admission policy refuses an object. What the rendered object has by itself is accepted, as the policy
 * accepts what an object had before.
 */
export function refusedContents(rendered: KubeObject, object: KubeObject, kinds: KindCatalog): string[] {
  const resource = { group: groupOf(object.apiVersion), resource: kinds.kindOf(object).resource };
  const request = { operation: 'CREATE', resource, namespace: object.metadata.namespace ?? '' };
  const variables: Record<string, unknown> = {};
  const context = { object, oldObject: rendered, request, variables };
  for (const { name, valueOf } of policy().variables) variables[name] = valueOf(context);
  return policy()
    .validations.filter(({ holds }) => holds(context) !== true)
    .map(({ message }) => message);
}
