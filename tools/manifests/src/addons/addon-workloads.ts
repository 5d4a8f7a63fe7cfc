import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import { type AddonManifest, keyOf, ofKinds, unique } from './addon-manifest.js';
import { CelExpression, literal, variable } from './cel.js';
import { withPodDefaults } from './pod-defaults.js';

/** The fields of a container that an administrator may change, and that the plane sets: no program runs differently. */
const freeFields = ['imagePullPolicy', 'resources'];

/**
 * The variables of the admission policy with what runs in the namespaces of add-ons. These are the pods, Services and
 * ConfigMaps of the manifests of the pinned version and of earlier ones.
 */
export function addonWorkloads(manifests: readonly AddonManifest[]): string[] {
  const objects = manifests.flatMap(({ objects: pinned, earlier }) => [...pinned, ...earlier]);
  const each = (name: string, kind: string, print: (object: KubeObject) => string): string[] => {
    const ofKind = ofKinds(objects, kind);
    return variable(
      name,
      unique(ofKind.map(keyOf)).map((key) => {
        const versions = unique(ofKind.filter((object) => keyOf(object) === key).map(print));
        return [key, versions.join(' +\n')] as const;
      }),
    );
  };
  return [
    ...each('pods', 'Deployment', (deployment) => `variables.registries.map(registry, ${literal(podOf(deployment))})`),
    ...each('services', 'Service', (service) => `[${literal(serviceOf(service))}]`),
    ...each('data', 'ConfigMap', (configMap) => `[${literal(mapAt(configMap, 'data'))}]`),
  ];
}

/** The pod with each image in any of the registries, also where a variable or an argument names it. */
function podOf(deployment: KubeObject): unknown {
  const { containers, ...pod } = withPodDefaults(mapAt(deployment, 'spec', 'template', 'spec'));
  const programs = mapsIn(containers).map((container) =>
    Object.fromEntries(Object.entries(container).filter(([field]) => !freeFields.includes(field))),
  );
  const images = [...mapsIn(containers), ...mapsIn(pod['initContainers'])].map(({ image }) => String(image));
  return inAnyRegistry({ ...pod, containers: programs }, new Set(images));
}

function inAnyRegistry(value: unknown, images: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return images.has(value) ? withoutRegistry(value) : value;
  if (Array.isArray(value)) return value.map((item) => inAnyRegistry(item, images));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inAnyRegistry(item, images)]));
}

/** `ghcr.io/widgets/operator:1.2.3` becomes `registry + '/widgets/operator:1.2.3'`. */
const withoutRegistry = (image: string): CelExpression =>
  new CelExpression(`registry + ${literal(image.replace(/^[^/]*[.:][^/]*(?=\/)/, ''))}`);

const serviceOf = (service: KubeObject): unknown => {
  const spec = mapAt(service, 'spec');
  return { ...spec, ports: mapsIn(spec['ports']).map((port) => ({ protocol: 'TCP', ...port })) };
};
