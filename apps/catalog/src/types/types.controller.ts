import { Controller } from '@nestjs/common';
import { catalog, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { classesOfType, versionsOfType } from './type-info.js';

/** Sizing classes and versions of the types of this build. */
@Controller()
export class TypesController {
  @Respond(catalog.listSizingClasses)
  classes({ type }: InputOf<typeof catalog.listSizingClasses>) {
    return { classes: classesOfType(type) };
  }

  @Respond(catalog.listVersions)
  versions({ type }: InputOf<typeof catalog.listVersions>) {
    return { versions: versionsOfType(type) };
  }
}
