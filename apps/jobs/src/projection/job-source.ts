import { Injectable } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { completeUpdate } from './job-update.js';
import { JobProjection } from './job-projection.js';

/** The reconciler as the source of jobs that are missing or outdated here. */
@Injectable()
export class JobSource {
  constructor(
    private readonly bus: Bus,
    private readonly projection: JobProjection,
  ) {}

  /**
   * Reads a job of one of `aids` from the reconciler into the projection; false when it does not exist.
   * @throws Fault `unavailable` when the reconciler does not answer
   */
  async refresh(id: string, aids: readonly string[]): Promise<boolean> {
    try {
      const progress = await this.bus.request(reconciler.readJob, { id, aids: [...aids] });
      await this.projection.project([completeUpdate(progress)]);
      return true;
    } catch (error) {
      if (faultOf(error)?.code === 'job.not_found') return false;
      throw error;
    }
  }
}
