// as libs/catalog/types/src/valkey/v1/probe.ts
// must pass
import type { RenderInput } from '@runos/catalog-model';
import { owned } from '@runos/catalog-model/render-v1';
import { Fault } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import { names } from './names.js';

export type Probe = [KubeObject, RenderInput];
export const probe = [owned, Fault, names];
