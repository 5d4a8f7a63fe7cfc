import type { Issue } from '@runos/kernel';
import type { CustomKind, Kind } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import type { ResourceNumbers, ServiceSizing, StorageKind } from '@runos/sizing';
import type { z } from 'zod';
import type { ConfigSchema } from './config-schema.js';
import type { CustomContents } from './custom-contents.js';
import type { Image } from './image.js';
import type { ServiceInputs } from './service-inputs.js';
import type { SimulatedOperator } from './simulated-operator.js';

export interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

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

/** How to connect to an instance, in the form of its type. */
export interface CredentialsDefinition<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  /** For documents. */
  readonly example: z.input<S>;
  readonly of: (instance: { readonly osid: string }, secrets: Readonly<Record<string, string>>) => z.input<S>;
}

/** The complete input of a renderer; time and the instance's name have no influence. */
export interface RenderInput extends ResourceNumbers {
  readonly osid: string;
  readonly aid: string;
  readonly cid: string;
  readonly clusterDomain: string;
  readonly version: string;
  /** MiB; null for a type that stores nothing. */
  readonly storageMb: number | null;
  readonly storage: StorageKind;
  /** StorageClass names; a missing local one leaves the choice to the cluster's default class. */
  readonly storageClasses: { readonly local?: string | null; readonly distributed?: string | null };
  /** The values of the pinned config set, if there is one. */
  readonly configValues: Readonly<Record<string, string>>;
  /** By the names of the type's recipes. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The type's own fields, with defaults. Absent for a type without own fields. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** OSIDs of the required instances by alias. Absent without any. */
  readonly requires?: Readonly<Record<string, string>>;
  /** Time of the last requested restart; a change replaces the pods one at a time. */
  readonly restartedAt?: string;
  /** Replaces the images' own registry: `registry.internal:5000/mirror`. */
  readonly imageRegistry?: string;
}

/**
 * A frozen renderer version, with every helper it uses. Its output never changes, because a change would restart every
 * pod at the next upgrade of the control plane. An improvement, also a new image tag, is the next version.
 */
export interface Renderer {
  /** The image of each version of the service. */
  readonly images: Readonly<Record<string, Image>>;
  readonly render: (input: RenderInput) => KubeObject[];
}

/** A service of the catalog, as data with its pure functions: all that RunOS knows of it. */
export interface ServiceType {
  readonly type: string;
  readonly title: string;
  readonly versions: readonly string[];
  readonly defaultVersion: string;
  readonly inputs: ServiceInputs;
  readonly sizing: ServiceSizing;
  readonly ports: readonly Port[];
  readonly requires: readonly Requirement[];
  /** Names of the add-ons that its cluster must have. */
  readonly addons: readonly string[];
  readonly secrets: readonly SecretRecipe[];
  readonly credentials: CredentialsDefinition;
  /** The Kubernetes kinds of its objects; the agent's rights and admission policy derive from them. */
  readonly kinds: readonly Kind[];
  /** The custom resources of its objects; they travel with each bundle. */
  readonly customKinds: readonly CustomKind[];
  /** What the agent may write in each of its custom resources; absent without any. */
  readonly contents?: readonly CustomContents[];
  /** Absent for a type that takes no config set. */
  readonly config?: ConfigSchema;
  /** By version. */
  readonly renderers: Readonly<Record<number, Renderer>>;
  /** Issues between a config set and a size; absent when none are possible. */
  readonly clashes?: (numbers: ResourceNumbers, configValues: Readonly<Record<string, string>>) => Issue[];
  /** The operator of its custom resource, as simulated nodes play it; absent where pods suffice. */
  readonly operator?: SimulatedOperator;
}

/** The names of the kinds that a type has objects of, custom resources too. */
export const kindNames = ({ kinds, customKinds }: Pick<ServiceType, 'kinds' | 'customKinds'>): string[] =>
  [...new Set([...kinds, ...customKinds].map(({ kind }) => kind))].sort();
