import { Controller } from '@nestjs/common';
import {
  convertToCustom,
  type OperationInput,
  planAdvancedConfigs,
  planConfigSetUpgrade,
  planConversionToCustom,
  setAdvancedConfigs,
  upgradeConfigSet,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import type { CallContext } from '../operation/call-context.js';
import { PlannableOperation } from '../operation/operation.decorator.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from './instance-request.js';

/** The settings of instances. */
@Controller()
export class ConfigurationController {
  constructor(private readonly writes: PlannableWrites) {}

  @PlannableOperation(setAdvancedConfigs, planAdvancedConfigs)
  set({ params, query, body }: OperationInput<typeof setAdvancedConfigs>, call: CallContext) {
    return this.writes.send(reconciler.setAdvancedConfig, { ...oneOf(params), values: body, ...forced(query) }, call);
  }

  @PlannableOperation(convertToCustom, planConversionToCustom)
  convert({ params }: OperationInput<typeof convertToCustom>, call: CallContext) {
    return this.writes.send(reconciler.convertToCustomConfig, oneOf(params), call);
  }

  @PlannableOperation(upgradeConfigSet, planConfigSetUpgrade)
  upgradeSet({ params, query, body }: OperationInput<typeof upgradeConfigSet>, call: CallContext) {
    return this.writes.send(reconciler.upgradeConfigSet, { ...oneOf(params), ...body, ...forced(query) }, call);
  }
}
