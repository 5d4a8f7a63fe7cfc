import { Controller, Get, Inject, Res } from '@nestjs/common';
import { openApi } from '@runos/api';
import { manifestSchema } from '@runos/manifest';
import { Access } from '@runos/messaging';
import { Readiness } from '@runos/observability';
import type { Response } from 'express';

/** Liveness, readiness, and the schemas of the API and of files with desired state, without a token. */
@Access('public')
@Controller()
export class HealthController {
  readonly #openApi = JSON.stringify(openApi());
  readonly #manifestSchema = JSON.stringify(manifestSchema());

  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('/livez')
  live(): { ok: true } {
    return { ok: true };
  }

  /** 200, or 503 with the names of missing dependencies. The reasons are only on the operations port. */
  @Get('/readyz')
  async ready(@Res() response: Response): Promise<void> {
    const { ok, missing } = await this.readiness.report();
    response.status(ok ? 200 : 503).json({ ok, missing });
  }

  @Get('/openapi.json')
  describe(@Res() response: Response): void {
    response.type('application/json').send(this.#openApi);
  }

  /** What editors complete and check files with. */
  @Get('/schemas/runos.yaml.json')
  describeManifest(@Res() response: Response): void {
    response.type('application/schema+json').send(this.#manifestSchema);
  }
}
