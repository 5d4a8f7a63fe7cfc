import { Injectable } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { wholeNews } from './news.js';
import { JobProjection } from './job-projection.js';

/** Who owns the jobs: asked when what was told is not enough. */
@Injectable()
export class Owner {
  constructor(
    private readonly bus: Bus,
    private readonly projection: JobProjection,
  ) {}

  /**
   * Takes over a job as its owner sees it, if it belongs to one of `aids`; false when there is no such job.
   * @throws Fault `unavailable` when the owner cannot be asked
   */
  async read(id: string, aids: readonly string[]): Promise<boolean> {
    try {
      const progress = await this.bus.request(reconciler.readJob, { id, aids: [...aids] });
      await this.projection.apply([wholeNews(progress)]);
      return true;
    } catch (error) {
      if (faultOf(error)?.code === 'job.not_found') return false;
      throw error;
    }
  }
}
