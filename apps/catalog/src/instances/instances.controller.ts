import { Controller } from '@nestjs/common';
import { catalog, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { resolveApp } from './resolve-app.js';
import { resolveInstance } from './resolve-instance.js';

/** Resolves the input of a create or update to the spec of an instance. */
@Controller()
export class InstancesController {
  @Respond(catalog.resolveInstance)
  resolve(request: InputOf<typeof catalog.resolveInstance>) {
    return resolveInstance(request);
  }

  @Respond(catalog.resolveApp)
  resolveApp(request: InputOf<typeof catalog.resolveApp>) {
    return resolveApp(request);
  }
}
