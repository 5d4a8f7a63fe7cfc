import { Controller } from '@nestjs/common';
import { catalog } from '@runos/contracts';
import { Answers } from '@runos/messaging';
import type { z } from 'zod';
import { checkConfigValues } from './config-values/check-config-values.js';
import { resolveInstance } from './instances/resolve-instance.js';
import { classesOfType, versionsOfType } from './types/type-info.js';

type Input<C extends { input: z.ZodType }> = z.output<C['input']>;

/** Answers from data that is part of the program: no state, nothing to wait for. */
@Controller()
export class CatalogController {
  @Answers(catalog.listSizingClasses)
  classes({ type }: Input<typeof catalog.listSizingClasses>) {
    return { classes: classesOfType(type) };
  }

  @Answers(catalog.listVersions)
  versions({ type }: Input<typeof catalog.listVersions>) {
    return { versions: versionsOfType(type) };
  }

  @Answers(catalog.resolveInstance)
  resolve(asked: Input<typeof catalog.resolveInstance>) {
    return resolveInstance(asked);
  }

  @Answers(catalog.checkConfigValues)
  check({ type, values }: Input<typeof catalog.checkConfigValues>) {
    checkConfigValues(type, values);
    return { valid: true as const };
  }
}
