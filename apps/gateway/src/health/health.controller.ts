import { Controller, Get, Inject, Res } from '@nestjs/common';
import { openApi } from '@runos/api';
import { Access } from '@runos/messaging';
import { Readiness } from '@runos/observability';
import type { Response } from 'express';

/** Liveness, readiness and the OpenAPI document, without a token. */
@Access('public')
@Controller()
export class HealthController {
  readonly #openApi = JSON.stringify(openApi());

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
}
