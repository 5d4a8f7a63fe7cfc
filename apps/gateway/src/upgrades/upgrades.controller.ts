import { Controller } from '@nestjs/common';
import {
  cancelUpgradeWave,
  createUpgradeWave,
  listUpgradeWaves,
  type OperationInput,
  planUpgradeWave,
  resumeUpgradeWave,
  showUpgradeWave,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class UpgradesController {
  constructor(private readonly bus: Bus) {}

  @Operation(planUpgradeWave)
  plan({ query, body }: OperationInput<typeof planUpgradeWave>, { account }: CallContext) {
    return this.bus.request(reconciler.planUpgradeWave, { ...body, ...query }, account);
  }

  @Operation(createUpgradeWave)
  create({ body }: OperationInput<typeof createUpgradeWave>, { account, write: { idempotency } }: CallContext) {
    return this.bus.request(reconciler.createUpgradeWave, { ...body, idempotency }, account);
  }

  @Operation(listUpgradeWaves)
  list({ query }: OperationInput<typeof listUpgradeWaves>, { account }: CallContext) {
    return this.bus.request(reconciler.listUpgradeWaves, query, account);
  }

  @Operation(showUpgradeWave)
  show({ params: { id }, query }: OperationInput<typeof showUpgradeWave>, { account }: CallContext) {
    return this.bus.request(reconciler.showUpgradeWave, { id, ...query }, account);
  }

  @Operation(cancelUpgradeWave)
  cancel({ params: { id } }: OperationInput<typeof cancelUpgradeWave>, { account, write }: CallContext) {
    return this.bus.request(reconciler.cancelUpgradeWave, { id, idempotency: write.idempotency }, account);
  }

  @Operation(resumeUpgradeWave)
  resume({ params: { id } }: OperationInput<typeof resumeUpgradeWave>, { account, write }: CallContext) {
    return this.bus.request(reconciler.resumeUpgradeWave, { id, idempotency: write.idempotency }, account);
  }
}
