import type { CreationField, CustomKind, Kind } from '@runos/kube-kinds';
import type { ResourceNumbers, ServiceSizing } from '@runos/sizing';
import type { z } from 'zod';
import type { CustomContents } from './custom-contents.js';

/** Another instance in the same cluster that this one needs, under the alias by which it refers to it. */
export interface Requirement {
  readonly alias: string;
  readonly type: string;
  readonly optional: boolean;
}

/** A secret that is generated once per instance and stored encrypted: a number of letters and digits. */
export interface SecretRecipe {
  readonly name: string;
  readonly length: number;
  readonly description: string;
}

/** What the objects of every instance are rendered from; time and the instance's name have no influence. */
export interface InstanceInput extends ResourceNumbers {
  readonly osid: string;
  readonly aid: string;
  readonly cid: string;
  readonly clusterDomain: string;
  /** By the names of the type's recipes. */
  readonly secrets: Readonly<Record<string, string>>;
  /** OSIDs of the required instances by alias. Absent without any. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Time of the last requested restart; a change replaces the pods one at a time. */
  readonly restartedAt?: string;
}

/** An object schema that refuses unknown fields. */
export type StrictSchema = z.ZodObject<z.core.$ZodLooseShape, z.core.$strict>;

/** The fields of a create and of an update. */
export interface InputSchemas {
  readonly create: StrictSchema;
  readonly update: StrictSchema;
  /** Fields of existing clients, of which only the default is accepted. It has no effect. */
  readonly unavailable?: readonly string[];
}

/** What clients know of a type: its names, fields and sizes, without what its instances are in Kubernetes. */
export interface InstanceTypeFields {
  readonly type: string;
  readonly title: string;
  readonly inputs: InputSchemas;
  readonly sizing: ServiceSizing;
}

/** What RunOS knows of the instances of a type, of every kind. */
export interface InstanceType extends InstanceTypeFields {
  readonly requires: readonly Requirement[];
  /** Names of the add-ons that its cluster must have. */
  readonly addons: readonly string[];
  readonly secrets: readonly SecretRecipe[];
  /** The Kubernetes kinds of its objects; the agent's rights and admission policy derive from them. */
  readonly kinds: readonly Kind[];
  /** The custom resources of its objects; they travel with each bundle. */
  readonly customKinds: readonly CustomKind[];
  /** What the agent may write in each of its custom resources; absent without any. */
  readonly contents?: readonly CustomContents[];
  /** What has no effect on custom resources that exist; absent without any. */
  readonly creationFields?: readonly CreationField[];
}

/** The names of the kinds that a type has objects of, custom resources too. */
export const kindNames = ({ kinds, customKinds }: Pick<InstanceType, 'kinds' | 'customKinds'>): string[] =>
  [...new Set([...kinds, ...customKinds].map(({ kind }) => kind))].sort();
