import { describe, expect, it } from '@jest/globals';
import { line, progress } from '../../test/job-progress.js';
import { mergeUpdates, completeUpdate } from './job-update.js';

const { id } = progress(1).job;
const updates = (...seqs: number[]) => seqs.map((seq) => progress(seq, { id }, [line(`${seq}`)]));
const spans = (...seqs: number[]) =>
  mergeUpdates(updates(...seqs)).map(({ latest, from, to }) => [latest.seq, from, to]);

describe('mergeUpdates', () => {
  it('keeps the latest state of each job and every log line, in order', () => {
    const other = progress(7);
    const merged = mergeUpdates([...updates(3, 1, 2), other]);
    expect(merged.map(({ latest }) => [latest.job.id, latest.seq])).toEqual([
      [id, 3],
      [other.job.id, 7],
    ]);
    expect(merged[0]?.logs.map((each) => each.id)).toEqual(['1', '2', '3']);
  });

  it('reports its first gapless run', () => {
    expect(spans(4)).toEqual([[4, 4, 4]]);
    expect(spans(6, 5, 4)).toEqual([[6, 4, 6]]);
    expect(spans(4, 4, 5, 5)).toEqual([[5, 4, 5]]);
    expect(spans(4, 5, 7, 8)).toEqual([[8, 4, 5]]);
    expect(completeUpdate(progress(9, { id }))).toMatchObject({ from: 1, to: 9 });
  });
});
