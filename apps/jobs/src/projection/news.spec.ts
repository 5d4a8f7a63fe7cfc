import { describe, expect, it } from '@jest/globals';
import { line, progress } from '../../test/spec-progress.js';
import { newsOf, wholeNews } from './news.js';

const { id } = progress(1).job;
const told = (...seqs: number[]) => seqs.map((seq) => progress(seq, { id }, [line(`${seq}`)]));
const spans = (...seqs: number[]) => newsOf(told(...seqs)).map(({ latest, from, to }) => [latest.seq, from, to]);

describe('newsOf', () => {
  it('takes the latest of each job, with every line, in order', () => {
    const other = progress(7);
    const news = newsOf([...told(3, 1, 2), other]);
    expect(news.map(({ latest }) => [latest.job.id, latest.seq])).toEqual([
      [id, 3],
      [other.job.id, 7],
    ]);
    expect(news[0].logs.map((each) => each.id)).toEqual(['1', '2', '3']);
  });

  it('says which unbroken run of news it holds', () => {
    expect(spans(4)).toEqual([[4, 4, 4]]);
    expect(spans(6, 5, 4)).toEqual([[6, 4, 6]]);
    expect(spans(4, 4, 5, 5)).toEqual([[5, 4, 5]]);
    expect(spans(4, 5, 7, 8)).toEqual([[8, 4, 5]]);
    expect(wholeNews(told(9)[0])).toMatchObject({ from: 1, to: 9 });
  });
});
