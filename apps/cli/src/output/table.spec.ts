import { describe, expect, it } from '@jest/globals';
import { type Column, cut, tableText } from './table.js';
import { textWidth } from './text-width.js';

const columns: readonly Column[] = [
  { header: 'NAME', cells: ['orders', 'cache'] },
  { header: 'ID', cells: ['o0i2a', 'slrt4'], isKept: true },
  { header: 'CLASS', cells: ['postgresql.c0.beff', 'custom'] },
  { header: 'REASON', cells: ['', 'Unschedulable: 2 nodes lack memory'], isKept: true, canBeCut: true },
];

describe('a table', () => {
  it('shows every column where they fit', () => {
    expect(tableText(columns, 200)).toBe(
      [
        'NAME    ID     CLASS               REASON',
        'orders  o0i2a  postgresql.c0.beff',
        'cache   slrt4  custom              Unschedulable: 2 nodes lack memory',
        '',
      ].join('\n'),
    );
  });

  it('cuts the reason first, then leaves columns out from the right, and keeps the id', () => {
    expect(tableText(columns, 48)).toContain('cache   slrt4  custom              Unschedulabl…');
    expect(tableText(columns, 40)).toContain('cache   slrt4  Unschedulable: 2 nodes l…\n');
    expect(tableText(columns, 20)).toBe('ID     REASON\no0i2a\nslrt4  Unschedulabl…\n');
  });

  it('leaves a state out after all others', () => {
    const state = { header: 'STATUS', cells: ['healthy', 'degraded'], isState: true };
    const withState = [...columns.slice(0, 3), state, ...columns.slice(3)];
    expect(tableText(withState, 50)).toContain('cache   slrt4  degraded  Unschedulable: 2 nodes l…\n');
    expect(tableText(withState, 32)).toContain('\nslrt4  degraded  Unschedulable:…\n');
    expect(tableText(withState, 22)).toContain('\nslrt4  Unschedulable:…\n');
  });

  it('never writes a line that is wider than the terminal', () => {
    for (let width = 20; width < 100; width++)
      for (const line of tableText(columns, width).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
  });

  it('counts columns of the terminal, not characters', () => {
    const text = tableText(
      [
        { header: 'A', cells: ['日本', 'x'] },
        { header: 'B', cells: ['1', '2'] },
      ],
      80,
    );
    expect(text.split('\n').slice(0, 3)).toEqual(['A     B', '日本  1', 'x     2']);
    expect(['\u001b[31mred\u001b[39m', 'e\u0301', '👍🏽', '\u200b'].map(textWidth)).toEqual([3, 1, 2, 0]);
    expect([cut('日本語', 5), cut('abc', 3), cut('abcd', 3)]).toEqual(['日本…', 'abc', 'ab…']);
  });
});
