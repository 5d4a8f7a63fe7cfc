import { Controller } from '@nestjs/common';
import { convertToCustom, type OperationInput, setAdvancedConfigs, upgradeConfigSet } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { forced, oneOf } from './instance-request.js';

/** The settings of instances. */
@Controller()
export class ConfigurationController {
  constructor(private readonly bus: Bus) {}

  @Operation(setAdvancedConfigs)
  set({ params, query, body }: OperationInput<typeof setAdvancedConfigs>, { account, write }: CallContext) {
    const input = { ...oneOf(params), values: body, ...forced(query), ...write };
    return this.bus.request(reconciler.setAdvancedConfig, input, account);
  }

  @Operation(convertToCustom)
  convert({ params }: OperationInput<typeof convertToCustom>, { account, write }: CallContext) {
    return this.bus.request(reconciler.convertToCustomConfig, { ...oneOf(params), ...write }, account);
  }

  @Operation(upgradeConfigSet)
  upgradeSet({ params, query, body }: OperationInput<typeof upgradeConfigSet>, { account, write }: CallContext) {
    const input = { ...oneOf(params), ...body, ...forced(query), ...write };
    return this.bus.request(reconciler.upgradeConfigSet, input, account);
  }
}
