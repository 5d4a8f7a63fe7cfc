import { graphemes, textWidth } from './text-width.js';

/** A column of a table. Cells must have no line breaks. */
export interface Column {
  readonly header: string;
  readonly cells: readonly string[];
  /** Shown at any width. */
  readonly isKept?: boolean;
  /** Left out only after all others that are not kept. */
  readonly isState?: boolean;
  /** Cut instead of left out, where at least `minCutWidth` of it fits. */
  readonly canBeCut?: boolean;
  /** Colours a cell; its width must stay. */
  readonly paint?: (cell: string) => string;
}

const gap = 2;
const minCutWidth = 12;

/** A table that fits into `columns`: what does not fit is left out from the right, states last, and never wrapped. */
export function tableText(all: readonly Column[], columns: number): string {
  const shown = fitting(all, columns);
  const widths = shown.map(widthOf);
  const last = shown.length - 1;
  if (last >= 0) {
    const before = widths.slice(0, last).reduce((sum, width) => sum + width + gap, 0);
    widths[last] = Math.max(1, Math.min(widths[last] ?? 0, columns - before));
  }
  const count = shown[0]?.cells.length ?? 0;
  const lineOf = (cellOf: (column: Column) => string, isHeader: boolean) =>
    shown
      .map((column, index) => {
        const cell = cut(cellOf(column), widths[index] ?? 0);
        const painted = isHeader || column.paint === undefined ? cell : column.paint(cell);
        return index === last ? painted : painted + ' '.repeat((widths[index] ?? 0) - textWidth(cell) + gap);
      })
      .join('')
      .trimEnd();
  const rows = Array.from({ length: count }, (_, row) => lineOf(({ cells }) => cells[row] ?? '', false));
  return [lineOf(({ header }) => header, true), ...rows, ''].join('\n');
}

const widthOf = ({ header, cells }: Column): number =>
  Math.max(textWidth(header), ...cells.map((cell) => textWidth(cell)));

/** The least width at which a column is shown. */
const needOf = (column: Column): number =>
  column.canBeCut === true ? Math.min(widthOf(column), minCutWidth) : widthOf(column);

function fitting(all: readonly Column[], columns: number): readonly Column[] {
  const total = all.reduce((sum, column) => sum + needOf(column) + gap, -gap);
  const other = all.findLastIndex(({ isKept, isState }) => isKept !== true && isState !== true);
  const dropped = other >= 0 ? other : all.findLastIndex(({ isKept }) => isKept !== true);
  return total <= columns || dropped < 0 ? all : fitting(all.toSpliced(dropped, 1), columns);
}

/** Text of at most `width` columns of a terminal; the end of a longer one is replaced by an ellipsis. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  for (const segment of graphemes(text)) {
    if (textWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
