import { owned } from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from '../app-input.js';
import { deployment, selectorOf } from './deployment.js';
import { environmentObjects } from './environment.js';
import { namespace, networkPolicy, services } from './network.js';

/** Pods of an app have an account of their own without a token, so they have no rights in the cluster. */
const serviceAccount = (input: AppInput): KubeObject =>
  owned(input, 'v1', 'ServiceAccount', input.osid, { automountServiceAccountToken: false });

/** Drains of nodes remove one pod at a time. Pods that are not ready never block a drain. */
const disruptionBudgets = (input: AppInput): KubeObject[] =>
  input.replicas < 2
    ? []
    : [
        owned(input, 'policy/v1', 'PodDisruptionBudget', input.osid, {
          spec: {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: 'AlwaysAllow',
            selector: { matchLabels: selectorOf(input.osid) },
          },
        }),
      ];

/** The objects of an app, in the order of applying. */
export const renderAppV1 = (input: AppInput): KubeObject[] => [
  namespace(input),
  serviceAccount(input),
  ...environmentObjects(input),
  networkPolicy(input),
  ...services(input),
  ...disruptionBudgets(input),
  deployment(input),
];
