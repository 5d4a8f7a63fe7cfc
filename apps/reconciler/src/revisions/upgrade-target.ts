import type { ServiceType } from '@runos/catalog-model';
import { Fault } from '@runos/kernel';
import {
  knowsVersion,
  latestRenderer,
  newerBuild,
  NotOffered,
  offeredVersions,
  rendererOf,
} from '@runos/service-types';
import type { ServiceSpec } from './desired-spec.js';

/** The fields of a spec that an upgrade moves. */
export type UpgradeTarget = Pick<ServiceSpec, 'version' | 'rendererVersion'>;

/**
 * The spec with the newest renderer of this build, and with `version` if it is given. All else keeps its value.
 * @throws Fault `unavailable` when only a newer build has the current renderer; `request.invalid` as `refuseUnoffered`,
 * and for a version that is older
 */
export function upgradeTarget<S extends UpgradeTarget>(type: ServiceType, current: S, version = current.version): S {
  rendererOf(type, current);
  refuseUnoffered(type, version);
  if (newerVersion(type, current.version, version) !== version) {
    throw invalid(
      `Version ${version} of ${type.type} is older than the current version ${current.version}; a downgrade can lose data and is refused.`,
    );
  }
  return { ...current, rendererVersion: latestRenderer(type), version };
}

/**
 * The spec moved to a target that was accepted earlier. A renderer or a version that is newer by now stays.
 * @throws Fault `unavailable` when this build lacks the target or the current version, because a newer one accepted it
 */
export function pinnedTarget<S extends UpgradeTarget>(type: ServiceType, current: S, target: UpgradeTarget): S {
  const { rendererVersion, version } = target;
  rendererOf(type, target);
  if (!type.versions.includes(current.version)) throw newerBuild(`version ${current.version} of ${type.type}`);
  return {
    ...current,
    rendererVersion: Math.max(current.rendererVersion, rendererVersion),
    version: newerVersion(type, version, current.version),
  };
}

/**
 * @throws Fault `request.invalid` for a version that the newest renderer does not have; it is a `NotOffered` if no
 * renderer has it
 */
export function refuseUnoffered(type: ServiceType, version: string): void {
  const offered = offeredVersions(type);
  if (offered.includes(version)) return;
  const refusal = invalid(`Version "${version}" of ${type.type} is not offered; choose one of ${offered.join(', ')}.`);
  if (knowsVersion(type, version)) throw refusal;
  throw new NotOffered('request.invalid', refusal.message, { type: type.type, version }, refusal.details);
}

/** The later of two versions of a type, whose versions are in ascending order. */
const newerVersion = ({ versions }: ServiceType, a: string, b: string): string =>
  versions.indexOf(b) < versions.indexOf(a) ? a : b;

const invalid = (message: string): Fault =>
  new Fault('request.invalid', message, { issues: [{ path: 'version', message }] });
