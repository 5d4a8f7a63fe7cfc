import { Controller, Get, Inject, Res } from '@nestjs/common';
import { openApi } from '@runos/api';
import { Access } from '@runos/messaging';
import { Readiness } from '@runos/observability';
import type { Response } from 'express';

/** What machines ask: does it turn, may it be sent work, what does it offer. */
@Access('public')
@Controller()
export class HealthController {
  readonly #openApi = JSON.stringify(openApi());

  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('/livez')
  live(): { ok: true } {
    return { ok: true };
  }

  /** 200, or 503 naming what is missing; why is for the inside. */
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
