import type { InstanceType } from '@runos/catalog-model';
import {
  configMapKind,
  deploymentKind,
  namespaceKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
} from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import type { AppInput } from './app-input.js';
import { appTypeFields } from './app-type-fields.js';
import { renderAppV1 } from './v1/render.js';

/** The type of all apps. A frozen renderer of a service has images; that of an app takes the image as an input. */
export interface AppType extends InstanceType {
  /** By version; frozen as those of services are. */
  readonly renderers: Readonly<Record<number, (input: AppInput) => KubeObject[]>>;
}

/** Apps: what users build themselves. They store nothing. */
export const app: AppType = {
  ...appTypeFields,
  requires: [],
  addons: [],
  secrets: [{ name: 'digestKey', length: 32, description: 'the key of the digest of its variables and files' }],
  kinds: [
    namespaceKind,
    serviceAccountKind,
    secretKind,
    configMapKind,
    networkPolicyKind,
    serviceKind,
    podDisruptionBudgetKind,
    deploymentKind,
  ],
  customKinds: [],
  renderers: { 1: renderAppV1 },
};
