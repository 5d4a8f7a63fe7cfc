import { Controller } from '@nestjs/common';
import {
  createConfigSet,
  deleteConfigSet,
  listConfigSets,
  listConfigSetVersions,
  type OperationInput,
  showConfigSet,
  updateConfigSet,
} from '@runos/api';
import { configSets } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class ConfigSetsController {
  constructor(private readonly bus: Bus) {}

  @Operation(listConfigSets)
  list(_: OperationInput<typeof listConfigSets>, { account }: CallContext) {
    return this.bus.request(configSets.listConfigSets, {}, account);
  }

  @Operation(createConfigSet)
  create({ body }: OperationInput<typeof createConfigSet>, { account, write: { idempotency } }: CallContext) {
    return this.bus.request(configSets.createConfigSet, { set: body, idempotency }, account);
  }

  @Operation(showConfigSet)
  show({ params: { setId } }: OperationInput<typeof showConfigSet>, { account }: CallContext) {
    return this.bus.request(configSets.showConfigSet, { setId }, account);
  }

  @Operation(updateConfigSet)
  update({ params: { setId }, body }: OperationInput<typeof updateConfigSet>, { account }: CallContext) {
    return this.bus.request(configSets.updateConfigSet, { setId, values: body.values }, account);
  }

  @Operation(deleteConfigSet)
  delete({ params: { setId } }: OperationInput<typeof deleteConfigSet>, { account }: CallContext) {
    return this.bus.request(configSets.deleteConfigSet, { setId }, account);
  }

  @Operation(listConfigSetVersions)
  versions({ params: { setId } }: OperationInput<typeof listConfigSetVersions>, { account }: CallContext) {
    return this.bus.request(configSets.listConfigSetVersions, { setId }, account);
  }
}
