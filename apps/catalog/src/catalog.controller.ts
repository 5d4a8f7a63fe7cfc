import { Controller } from '@nestjs/common';
import { catalog, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { checkConfigValues } from './config-values/check-config-values.js';
import { resolveInstance } from './instances/resolve-instance.js';
import { classesOfType, versionsOfType } from './types/type-info.js';

/** Replies from data files of this build; stateless. */
@Controller()
export class CatalogController {
  @Respond(catalog.listSizingClasses)
  classes({ type }: InputOf<typeof catalog.listSizingClasses>) {
    return { classes: classesOfType(type) };
  }

  @Respond(catalog.listVersions)
  versions({ type }: InputOf<typeof catalog.listVersions>) {
    return { versions: versionsOfType(type) };
  }

  @Respond(catalog.resolveInstance)
  resolve(request: InputOf<typeof catalog.resolveInstance>) {
    return resolveInstance(request);
  }

  @Respond(catalog.checkConfigValues)
  check({ type, values }: InputOf<typeof catalog.checkConfigValues>) {
    checkConfigValues(type, values);
    return { valid: true as const };
  }
}
