import type { ServiceType } from '@runos/catalog-model';
import { KindCatalog, type PackedKinds, packKinds } from '@runos/kube-kinds';
import { serviceType } from './service-types.js';

const packed = new Map<ServiceType, PackedKinds>();
const catalogs = new Map<ServiceType, KindCatalog>();

/** What an agent must know of the custom resources of a type; undefined for a type without any. */
export function kindRules(name: string): PackedKinds | undefined {
  const type = serviceType(name);
  if (type.customKinds.length === 0) return undefined;
  const rules = packed.get(type) ?? packKinds(type.customKinds);
  packed.set(type, rules);
  return rules;
}

/** The kinds of the objects of a type. */
export function kindCatalog(name: string): KindCatalog {
  const type = serviceType(name);
  const catalog = catalogs.get(type) ?? new KindCatalog(type.customKinds);
  catalogs.set(type, catalog);
  return catalog;
}
