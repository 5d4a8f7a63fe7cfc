import type { ServiceType } from '@runos/catalog-model';
import { Fault } from '@runos/kernel';
import { latestRenderer } from '@runos/service-types';
import type { DesiredSpec } from './desired-spec.js';

/**
 * The spec with the newest renderer of this build, and with `version` if it is given. All else keeps its value.
 * @throws Fault `request.invalid` for a version that the newest renderer does not have, or that is older
 */
export function upgradeTarget(type: ServiceType, current: DesiredSpec, version = current.version): DesiredSpec {
  const rendererVersion = latestRenderer(type);
  const images = type.renderers[rendererVersion]?.images ?? {};
  const offered = type.versions.filter((each) => Object.hasOwn(images, each));
  if (!offered.includes(version)) {
    throw invalid(`Version "${version}" of ${type.type} is not offered; choose one of ${offered.join(', ')}.`);
  }
  // The versions of a type are in ascending order.
  if (type.versions.indexOf(version) < type.versions.indexOf(current.version)) {
    throw invalid(
      `Version ${version} of ${type.type} is older than the current version ${current.version}; a downgrade can lose data and is refused.`,
    );
  }
  return { ...current, rendererVersion, version };
}

const invalid = (message: string): Fault =>
  new Fault('request.invalid', message, { issues: [{ path: 'version', message }] });
