import type { CustomKind } from '@runos/kube-kinds';
import { isStale } from '../condition-expressions.js';

/** The parents of a route that have a condition of this type and status. */
const parentsWith = (type: string, status: 'True' | 'False'): string =>
  `variables.parents.filter(p, p.conditions.exists(c, c.type == '${type}' && c.status == '${status}'))`;

/** The first condition of this type and status, of the first parent of a variable. */
const first = (variable: string, type: string, status: 'True' | 'False'): string =>
  `variables.${variable}[0].conditions.filter(c, c.type == '${type}' && c.status == '${status}')[0]`;

/** `Gateway traefik-i7r7v/public: the hosts do not match.`; a parent without a namespace is in that of the route. */
const printProblem = (variable: string, type: string, status: 'True' | 'False'): string =>
  `'Gateway ' + variables.${variable}[0].parentRef.?namespace.orValue(self.metadata.?namespace.orValue('')) + '/' + ` +
  `variables.${variable}[0].parentRef.name + ': ' + sentence(${first(variable, type, status)}.message)`;

/** A Service is applied with its route, so that the controller may see the route first. */
const passingReasons = "['Pending', 'BackendNotFound']";

/**
 * The hosts of an instance, and the Service that answers them: health from what each of its Gateways reports. Hosts,
 * Gateways and rules are lists of one owner, so that an addition of others takes them as a whole.
 */
export const httpRouteKind: CustomKind = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  resource: 'httproutes',
  role: 'other',
  immutablePolicy: 'recreate',
  holdsData: false,
  exclusive: ['spec.hostnames', 'spec.parentRefs', 'spec.rules'].map((path) => ({ path })),
  variables: [
    { name: 'parents', expression: 'self.?status.?parents.orValue([])' },
    { name: 'of', expression: 'self.spec.?parentRefs.orValue([]).size()' },
    { name: 'stale', expression: `variables.parents.exists(p, p.conditions.exists(c, ${isStale}))` },
    { name: 'accepted', expression: parentsWith('Accepted', 'True') },
    { name: 'refused', expression: parentsWith('Accepted', 'False') },
    { name: 'resolved', expression: parentsWith('ResolvedRefs', 'True') },
    { name: 'unresolved', expression: parentsWith('ResolvedRefs', 'False') },
    { name: 'partial', expression: parentsWith('PartiallyInvalid', 'True') },
  ],
  health: [
    {
      when: 'variables.of == 0',
      state: 'failed',
      reason: "'NoGateway'",
      message: "'HTTPRoute ' + self.metadata.name + ' names no Gateway. Name one.'",
    },
    {
      when: 'variables.stale || variables.parents.size() < variables.of',
      state: 'progressing',
      reason: "'NotObserved'",
      message:
        "'The controller of Gateway ' + self.spec.parentRefs[0].name + ' has not observed HTTPRoute ' + self.metadata.name + ' yet. Check that the Gateway exists and that its controller runs.'",
    },
    ...(
      [
        ['refused', 'Accepted', 'Check which hosts and namespaces its listeners allow.'],
        ['unresolved', 'ResolvedRefs', 'Check the Service and the port that the route names.'],
      ] as const
    ).flatMap(([variable, type, remedy]) => {
      const reason = `${first(variable, type, 'False')}.reason`;
      const message = `${printProblem(variable, type, 'False')} + ' ${remedy}'`;
      const isPassing = `variables.${variable}.size() > 0 && ${reason} in ${passingReasons}`;
      return [
        { when: isPassing, state: 'progressing' as const, reason, message },
        { when: `variables.${variable}.size() > 0`, state: 'failed' as const, reason, message },
      ];
    }),
    {
      when: 'variables.accepted.size() < variables.of || variables.resolved.size() < variables.of',
      state: 'progressing',
      reason: "'Pending'",
      message:
        "string(variables.accepted.size()) + ' of ' + string(variables.of) + ' Gateways have accepted HTTPRoute ' + self.metadata.name + '.'",
    },
    {
      when: 'variables.partial.size() > 0',
      state: 'degraded',
      reason: `${first('partial', 'PartiallyInvalid', 'True')}.reason`,
      message: `${printProblem('partial', 'PartiallyInvalid', 'True')} + ' Change that rule.'`,
    },
    { when: 'true', state: 'ready', reason: "'Accepted'", message: "''" },
  ],
};
