import type { AppModel } from '@runos/manifest/testing';
import { answer, type FakeGateway, type ReceivedRequest, type Respond } from './fake-gateway.js';

/** The id of the job of the nth write. */
export const jobOf = (count: number): string => `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;

/** What a spec puts in the way of a write; by its number from 1. */
export type Obstacles = Readonly<Record<number, Respond>>;

/** Lets the gateway answer for an app with this desired state: reads with ETags, writes with If-Match, and plans. */
export function serveModel(gateway: FakeGateway, model: AppModel, obstacles: Obstacles = {}): void {
  const base = `/${model.aid}/${model.cid}/apps/${model.id}`;
  let writes = 0;
  gateway.replyUnder(base, (request, response) => {
    const path = (request.url.split('?', 1)[0] ?? '').slice(base.length);
    if (request.method === 'GET') {
      const body = model.get(path);
      if (body === undefined) answer(response, 404, { error: 'Not found.', code: 'route.not_found' });
      else answer(response, 200, body, { etag: `"${model.generation}"` });
      return;
    }
    const tag = request.headers['if-match'];
    if (tag !== undefined && tag !== `"${model.generation}"`) {
      const changedBy = 'grace@example.com';
      const body = { error: 'Stale.', code: 'conflict.stale', generation: model.generation, changedBy };
      answer(response, 412, { ...body, traceId: 't1' });
      return;
    }
    if (path.endsWith('/plan')) return answer(response, 200, planOf(model));
    writes += 1;
    const obstacle = obstacles[writes];
    if (obstacle !== undefined) return obstacle(request, response);
    write(model, writes, request, path, response);
  });
}

function write(
  model: AppModel,
  count: number,
  request: ReceivedRequest,
  path: string,
  response: Parameters<Respond>[1],
) {
  try {
    const result = model.write(request.method, path, (request.body ?? {}) as Readonly<Record<string, unknown>>);
    answer(response, 202, result['noOp'] === true ? result : { ...result, jobId: jobOf(count) });
  } catch (error) {
    const { status = 500, message } = error as Error & { readonly status?: number };
    answer(response, status, { error: message, code: 'request.invalid', issues: [] });
  }
}

const planOf = (model: AppModel) => ({
  osid: `app-${model.id}`,
  noOp: false,
  changes: [],
  restartsPods: true,
  source: 'cluster',
  reason: null,
  message: null,
  objects: [
    {
      kind: 'Deployment',
      name: `app-${model.id}`,
      action: 'changed',
      message: null,
      changes: [{ field: 'spec.replicas', before: 1, after: 3 }],
    },
  ],
});
