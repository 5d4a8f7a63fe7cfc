import type { Renderer, ServiceType } from '@runos/catalog-model';
import { latestRenderer } from '../render-instance.js';
import { serviceType } from '../service-types.js';

interface ChangeableType {
  versions: readonly string[];
  renderers: Record<number, Renderer>;
}

/**
 * Gives a service type a next renderer, as a newer build would. It has the versions of the latest one and, if it is
 * given, a newer version. Its objects are those of renderer 1; the image of a version that renderer 1 lacks has a
 * registry of its own. Returns the function that takes both away.
 * @throws Error when the type has no renderer 1
 */
export function addNewerRenderer(name: string, newVersion?: string): () => void {
  const type: ServiceType = serviceType(name);
  const changeable = type as unknown as ChangeableType;
  const { versions } = type;
  const first = type.renderers[1];
  const latest = latestRenderer(type);
  const image = first?.images[type.defaultVersion];
  if (first === undefined || image === undefined) throw new Error(`${name} has no renderer 1`);
  const newer = newVersion === undefined ? {} : { [newVersion]: { ...image, tag: newVersion } };
  changeable.versions = [...versions, ...Object.keys(newer)];
  changeable.renderers[latest + 1] = {
    images: { ...type.renderers[latest]?.images, ...newer },
    render: (input) => {
      const isOld = Object.hasOwn(first.images, input.version);
      return first.render(
        isOld ? input : { ...input, version: type.defaultVersion, imageRegistry: 'newer.example.com' },
      );
    },
  };
  return () => {
    changeable.versions = versions;
    delete changeable.renderers[latest + 1];
  };
}
