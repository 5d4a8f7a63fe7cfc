import { Controller } from '@nestjs/common';
import { listSizingClasses, listVersions, type OperationInput } from '@runos/api';
import { catalog } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class ServiceInfoController {
  constructor(private readonly bus: Bus) {}

  @Operation(listSizingClasses)
  classes({ params: { type } }: OperationInput<typeof listSizingClasses>) {
    return this.bus.request(catalog.listSizingClasses, { type });
  }

  @Operation(listVersions)
  versions({ params: { type } }: OperationInput<typeof listVersions>) {
    return this.bus.request(catalog.listVersions, { type });
  }
}
