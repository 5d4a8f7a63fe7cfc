import type { Renderer, ServiceType } from '@runos/catalog-model';
import { serviceType } from '@runos/service-types';

interface ChangeableType {
  versions: readonly string[];
  renderers: Record<number, Renderer>;
}

/**
 * Gives a service type a renderer 2 with the versions of renderer 1 and a newer one, as a newer build would.
 * Its objects are those of renderer 1; the image of the newer version has a registry of its own. Returns the function
 * that takes both away.
 */
export function addNewerRenderer(name: string, newVersion: string): () => void {
  const type: ServiceType = serviceType(name);
  const changeable = type as unknown as ChangeableType;
  const { versions } = type;
  const first = type.renderers[1];
  const image = first?.images[type.defaultVersion];
  if (first === undefined || image === undefined) throw new Error(`${name} has no renderer 1`);
  changeable.versions = [...versions, newVersion];
  changeable.renderers[2] = {
    images: { ...first.images, [newVersion]: { ...image, tag: newVersion } },
    render: (input) =>
      first.render({
        ...input,
        version: type.defaultVersion,
        ...(input.version === newVersion ? { imageRegistry: 'newer.example.com' } : {}),
      }),
  };
  return () => {
    changeable.versions = versions;
    delete changeable.renderers[2];
  };
}
