import type { catalog } from '@runos/contracts';
import { app, serviceType } from '@runos/service-types';
import { classesOf } from '@runos/sizing';
import type { z } from 'zod';

type Classes = z.output<typeof catalog.listSizingClasses.output>['classes'];
type Versions = z.output<typeof catalog.listVersions.output>['versions'];

/** The classes of a service type, or of apps, with their numbers, smallest first. */
export const classesOfType = (type: string): Classes =>
  classesOf((type === app.type ? app : serviceType(type)).sizing).map(({ storageMb, ...sizeClass }) =>
    storageMb === null ? sizeClass : { ...sizeClass, storageMb },
  );

/** The versions of a type in the order of its manifest. */
export function versionsOfType(name: string): Versions {
  const type = serviceType(name);
  return type.versions.map((version) => ({ version, default: version === type.defaultVersion }));
}
