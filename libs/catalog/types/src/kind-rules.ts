import type { InstanceType } from '@runos/catalog-model';
import {
  builtInCatalog,
  type CreationField,
  KindCatalog,
  type PackedKinds,
  packKinds,
  refuseInvalidKinds,
} from '@runos/kube-kinds';
import { findInstanceType, instanceType } from './service-types.js';

const packed = new Map<InstanceType, PackedKinds>();
const catalogs = new Map<InstanceType, KindCatalog>();

/**
 * What an agent must know of the custom resources of a type; undefined for a type without any.
 * @throws Fault as `kindCatalog`
 */
export function kindRules(name: string): PackedKinds | undefined {
  const type = instanceType(name);
  if (type.customKinds.length === 0) return undefined;
  kindCatalog(name); // refuses invalid data before it travels
  const rules = packed.get(type) ?? packKinds(type.customKinds);
  packed.set(type, rules);
  return rules;
}

/**
 * The kinds of the objects of a type; the built-in ones alone for a type that only a newer build has.
 * @throws Fault `request.invalid` if the type declares data about a built-in kind, or data that agents refuse or ignore
 */
export function kindCatalog(name: string): KindCatalog {
  const type = findInstanceType(name);
  if (type === undefined) return builtInCatalog;
  const known = catalogs.get(type);
  if (known !== undefined) return known;
  refuseInvalidKinds(type.customKinds);
  const catalog = new KindCatalog(type.customKinds);
  catalogs.set(type, catalog);
  return catalog;
}

/** What has no effect on the custom resources of a type that exist; none for a type that only a newer build has. */
export const creationFieldsOf = (name: string): readonly CreationField[] =>
  findInstanceType(name)?.creationFields ?? [];
