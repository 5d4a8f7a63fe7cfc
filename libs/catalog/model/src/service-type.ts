import type { Issue } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import type { ResourceNumbers, StorageKind } from '@runos/sizing';
import type { z } from 'zod';
import type { ConfigSchema } from './config-schema.js';
import type { Image } from './image.js';
import type { InstanceInput, InstanceType, InstanceTypeFields } from './instance-type.js';
import type { ServiceInputs } from './service-inputs.js';
import type { SimulatedOperator } from './simulated-operator.js';

export interface Port {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** How to connect to an instance, in the form of its type. */
export interface CredentialsDefinition<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  /** For documents. */
  readonly example: z.input<S>;
  readonly of: (instance: { readonly osid: string }, secrets: Readonly<Record<string, string>>) => z.input<S>;
}

/** The complete input of the renderer of a service. */
export interface RenderInput extends InstanceInput {
  readonly version: string;
  /** MiB; null for a type that stores nothing. */
  readonly storageMb: number | null;
  readonly storage: StorageKind;
  /** StorageClass names; a missing local one leaves the choice to the cluster's default class. */
  readonly storageClasses: { readonly local?: string | null; readonly distributed?: string | null };
  /** The values of the pinned config set, if there is one. */
  readonly configValues: Readonly<Record<string, string>>;
  /** The type's own fields, with defaults. Absent for a type without own fields. */
  readonly inputs?: Readonly<Record<string, unknown>>;
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

/** What clients know of a service of the catalog. */
export interface ServiceTypeFields extends InstanceTypeFields {
  readonly versions: readonly string[];
  readonly defaultVersion: string;
  readonly inputs: ServiceInputs;
}

/** A service of the catalog, as data with its pure functions: all that RunOS knows of it. */
export interface ServiceType extends InstanceType, ServiceTypeFields {
  readonly inputs: ServiceInputs;
  readonly ports: readonly Port[];
  readonly credentials: CredentialsDefinition;
  /** Absent for a type that takes no config set. */
  readonly config?: ConfigSchema;
  /** By version. */
  readonly renderers: Readonly<Record<number, Renderer>>;
  /** Issues between a config set and a size; absent when none are possible. */
  readonly clashes?: (numbers: ResourceNumbers, configValues: Readonly<Record<string, string>>) => Issue[];
  /** The operator of its custom resource, as simulated nodes play it; absent where pods suffice. */
  readonly operator?: SimulatedOperator;
}
