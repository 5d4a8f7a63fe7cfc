import type { InstanceInput } from '@runos/catalog-model';
import { type KubeObject, type PackedBundle, packObjects, refKey, refOf } from '@runos/kube-objects';
import { applyOverrides, type Overrides, refuseForbidden, type Rendered } from '@runos/overrides';
import { creationFieldsOf, kindCatalog, renderApp, renderInstance, storedType } from '@runos/service-types';
import { domainOf } from '../clusters/cluster-view.js';
import type { Environment } from '../environment/environment.js';
import type { UnsealedSecrets } from '../instances/instance-secrets.js';
import type { DesiredSpec } from '../revisions/desired-spec.js';
import type { ClusterRow } from '../schema/cluster-row.js';

/** The complete input of a bundle: equal inputs have equal digests, on every replica and after every upgrade. */
export interface BundleInput {
  readonly osid: string;
  readonly type: string;
  readonly cluster: Pick<ClusterRow, 'aid' | 'cid' | 'root' | 'local_storage_class' | 'distributed_storage_class'>;
  readonly spec: DesiredSpec;
  readonly secrets: UnsealedSecrets;
}

/**
 * Renders and packs; `packObjects` computes the digest over the canonical JSON.
 * @throws Fault `request.too_large` with both sizes; `unavailable` as `renderObjects`
 */
export const renderBundle = (input: BundleInput, limitBytes?: number): PackedBundle =>
  packObjects(renderObjects(input), limitBytes);

/**
 * Renders with the renderer and the merge rules that the spec pins.
 * @throws Fault `unavailable` when only a newer build has them; `override.invalid` for one that cannot be applied
 */
export function renderObjects(input: BundleInput): KubeObject[] {
  const { overrides } = input.spec;
  return overrides === undefined ? renderWithout(input) : applyOverrides(renderedOf(input, overrides), overrides);
}

/** @throws Fault `override.invalid` for an override that cannot be applied, or with which the cluster refuses objects */
export function refuseForbiddenOverrides(input: BundleInput): void {
  const { overrides } = input.spec;
  if (overrides !== undefined) refuseForbidden(renderedOf(input, overrides), overrides);
}

/** The objects that overrides patch. */
function renderedOf(input: BundleInput, overrides: Overrides): Rendered {
  const objects = renderWithout(input);
  const rendered = {
    osid: input.osid,
    objects,
    kinds: kindCatalog(input.type),
    creationFields: creationFieldsOf(input.type),
  };
  if (input.spec.kind !== 'app') return rendered;
  return { ...rendered, objects: forReplicas(desiredReplicas(input, rendered, overrides), input, objects) };
}

/** Objects that exist for several replicas only, such as a disruption budget. */
const severalReplicas = 2;

/** The replicas of an app with its overrides; they may patch objects that only several replicas have. */
function desiredReplicas(input: BundleInput, rendered: Rendered, overrides: Overrides): number {
  const objects = forReplicas(severalReplicas, input, rendered.objects);
  const counts = applyOverrides({ ...rendered, objects }, overrides).flatMap(
    (object) => rendered.kinds.desiredReplicasOf(object) ?? [],
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The objects that an app has with so many replicas. Those that it has by its size are as they are by its size. */
function forReplicas(replicas: number, input: BundleInput, bySize: readonly KubeObject[]): KubeObject[] {
  const { spec } = input;
  const known = new Map(bySize.map((object) => [refKey(refOf(object)), object]));
  const objects = renderWithout({ ...input, spec: { ...spec, sizing: { ...spec.sizing, replicas } } });
  return objects.map((object) => known.get(refKey(refOf(object))) ?? object);
}

function renderWithout({ osid, type, cluster, spec, secrets }: BundleInput): KubeObject[] {
  const { replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb, storageMb, storage } = spec.sizing;
  const instance: InstanceInput = {
    osid,
    aid: cluster.aid,
    cid: cluster.cid,
    clusterDomain: domainOf(cluster),
    replicas,
    cpuRequestMc,
    cpuLimitMc,
    memoryRequestMb,
    memoryLimitMb,
    secrets: secrets.generated,
    requires: spec.requires,
    ...(spec.restartedAt === null ? {} : { restartedAt: spec.restartedAt }),
  };
  if (spec.kind === 'app') {
    return renderApp(spec.rendererVersion, {
      ...instance,
      ...environmentInput(spec.environment, secrets),
      ...(spec.pullCredentials === undefined
        ? {}
        : { pullCredentials: secrets.openPullCredentials(spec.pullCredentials) }),
      app: spec.inputs,
    });
  }
  return renderInstance(storedType(type), spec.rendererVersion, {
    ...instance,
    version: spec.version,
    storageMb,
    storage,
    storageClasses: { local: cluster.local_storage_class, distributed: cluster.distributed_storage_class },
    configValues: spec.config?.values ?? {},
    inputs: spec.inputs,
    ...(spec.imageRegistry === null ? {} : { imageRegistry: spec.imageRegistry }),
  });
}

/** The keys of files are stored, because one that changed would replace every pod. */
function environmentInput(environment: Environment, secrets: UnsealedSecrets) {
  const { env, secretEnv, linkedEnv, secretFiles } = secrets.open(environment);
  const contents = new Map(secretFiles.map(({ filename, content }) => [filename, content]));
  return {
    env,
    secretEnv: { ...secretEnv, ...linkedEnv },
    secretFiles: environment.secretFiles.map(({ key, filename, mountPath }) => ({
      key,
      mountPath,
      content: contents.get(filename) ?? '',
    })),
    ...(environment.digest === '' ? {} : { environmentDigest: environment.digest }),
  };
}
