import { Controller } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import type { z } from 'zod';
import { RecordBundleStatus } from './record-bundle-status.js';

/** Receives the status reports of cluster agents from the agent gateway. */
@Controller()
export class BundleStatusController {
  constructor(private readonly statuses: RecordBundleStatus) {}

  @Respond(reconciler.reportBundleStatus)
  async report(status: z.output<typeof reconciler.reportBundleStatus.input>, { tenant }: CallContext<'tenant'>) {
    await this.statuses.run(status, tenant);
    return {};
  }
}
