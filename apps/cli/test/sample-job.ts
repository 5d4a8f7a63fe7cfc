import type { ServerResponse } from 'node:http';

export const jobId = '01a20b12-63d6-75dd-9a6e-ad828b063c07';
const at = (second: number) => `2030-01-01T00:00:0${second}.000Z`;

export const job = (status: string, more: object = {}) => ({
  id: jobId,
  osid: 'postgresql-o0i2a',
  type: 'service.create',
  status,
  progress: null,
  error: null,
  createdAt: at(0),
  completedAt: status === 'completed' ? at(9) : null,
  ...more,
});

export const workItem = (stepNumber: number, name: string, status: string) => ({
  id: `step-${stepNumber}`,
  jobId,
  name,
  status,
  stepNumber,
  result: null,
  createdAt: at(0),
  startedAt: status === 'pending' ? null : at(1),
  completedAt: status === 'completed' ? at(3) : null,
});

export const jobLog = (stepNumber: number, message: string) => ({
  id: '1',
  workItemId: `step-${stepNumber}`,
  level: 'info',
  message,
  createdAt: at(2),
});

/** Sends events as the gateway does; with their number as cursor. */
export function sendEvents(response: ServerResponse, events: readonly (readonly [string, object])[], first = 1): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': keep-alive\n\n');
  events.forEach(([event, data], index) =>
    response.write(`event: ${event}\nid: ${first + index}\ndata: ${JSON.stringify(data)}\n\n`),
  );
}
