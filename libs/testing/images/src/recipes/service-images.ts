import { imageReference } from '@runos/catalog-model';
import { latestRenderer, serviceTypes } from '@runos/service-types';
import type { BuildOptions } from '@runos/testing-kube';
import { suite } from '../debian/install-packages.js';
import { debianImage, type DebianImage } from './debian-image.js';
import * as postgresql from './postgresql.js';
import * as rabbitmq from './rabbitmq.js';
import * as valkey from './valkey.js';

interface Recipe {
  readonly versions: readonly string[];
  readonly image: (version: string) => DebianImage;
}

const recipes: Readonly<Record<string, Recipe>> = { postgresql, rabbitmq, valkey };

/** An image that the catalog renders. */
export interface ServiceImage {
  /** Name of the service type. */
  readonly type: string;
  readonly version: string;
  readonly reference: string;
  /** Makes the image and returns the path of its archive. Absent where it cannot be made, with `reason`. */
  readonly make?: (options: BuildOptions) => Promise<string>;
  readonly reason?: string;
}

/** The images of all versions of all service types, as the latest renderers write them without a mirror. */
export function serviceImages(): ServiceImage[] {
  return serviceTypes.flatMap((type) => {
    const images = type.renderers[latestRenderer(type)]?.images ?? {};
    return Object.entries(images).map(([version, image]) => serviceImage(type.type, version, imageReference(image)));
  });
}

function serviceImage(type: string, version: string, reference: string): ServiceImage {
  const named = { type, version, reference };
  const recipe = Object.hasOwn(recipes, type) ? recipes[type] : undefined;
  if (!recipe) return { ...named, reason: `there is no recipe for images of ${type}` };
  if (!recipe.versions.includes(version)) {
    return { ...named, reason: `Debian ${suite} has ${type} ${recipe.versions.join(', ')}, not ${version}` };
  }
  return { ...named, make: (options) => debianImage(reference, version, recipe.image(version), options) };
}
