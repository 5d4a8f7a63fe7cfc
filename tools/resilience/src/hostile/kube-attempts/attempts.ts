import type { KubeAttempt } from './attempt.js';
import { toAdmission } from './to-admission.js';
import { toNamespaces } from './to-namespaces.js';
import { toNode } from './to-node.js';
import { toOperator } from './to-operator.js';
import { toPlacement } from './to-placement.js';
import { toRights } from './to-rights.js';
import { toTraffic } from './to-traffic.js';

/** Everything that a token of the cluster agent must not do, with an instance in the namespace `osid`. */
export const attemptsOn = (osid: string): KubeAttempt[] => [
  ...toNode(osid),
  ...toNamespaces(osid),
  ...toRights(osid),
  ...toAdmission(),
  ...toTraffic(osid),
  ...toPlacement(osid),
  ...toOperator(osid),
];
