import { describe, expect, it } from '@jest/globals';
import { logFormatOf } from './log-format.js';

const [lines, events] = ['application/x-ndjson', 'text/event-stream'] as const;

describe('the format of a followed log', () => {
  it.each([
    [lines, lines],
    [events, events],
    [`text/plain, ${lines};q=1`, lines],
    [`${lines};q=0.5, ${events};q=0.9`, events],
    [`${events};q=0.4, ${lines};q=0.5`, lines],
    [`APPLICATION/X-NDJSON; Q=0.5, */*;q=0.1`, lines],
    [`${events}, application/json`, events],
    [`application/json;q=0, ${events};q=0.1, */*`, events],
    [`${lines};q=often`, lines],
  ])('of a client that accepts %s is %s', (accept, mediaType) => {
    expect(logFormatOf(accept)?.mediaType).toBe(mediaType);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    `${lines};q=0`,
    `${lines};q=0.000, ${events};q=0.0`,
    `${lines};q=0.5, application/json`,
    `${events};q=0.5, */*`,
    `application/json;q=0.9, application/*;q=0.1, ${lines};q=0.5`,
  ])('is none for a client that accepts %j', (accept) => {
    expect(logFormatOf(accept)).toBeUndefined();
  });
});
