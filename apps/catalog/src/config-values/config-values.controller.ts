import { Controller } from '@nestjs/common';
import { catalog, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { checkConfigValues } from './check-config-values.js';

/** Checks the values of config sets. */
@Controller()
export class ConfigValuesController {
  @Respond(catalog.checkConfigValues)
  check({ type, values }: InputOf<typeof catalog.checkConfigValues>) {
    checkConfigValues(type, values);
    return { valid: true as const };
  }
}
