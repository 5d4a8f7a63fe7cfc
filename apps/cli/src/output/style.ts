import { styleText } from 'node:util';
import type { Terminal, TextStream } from '../terminal/terminal.js';

type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold' | 'cyan';
export type Style = Readonly<Record<Colour, (text: string) => string>>;

const colours: readonly Colour[] = ['green', 'yellow', 'red', 'dim', 'bold', 'cyan'];
const styleWith = (isColoured: boolean): Style =>
  Object.fromEntries(
    colours.map((colour) => [
      colour,
      isColoured ? (text: string) => styleText(colour, text, { validateStream: false }) : (text: string) => text,
    ]),
  ) as Style;

/** No colours. */
export const plainStyle = styleWith(false);
const colouredStyle = styleWith(true);

/** Colours only on a terminal, and not under `--no-color` or NO_COLOR (https://no-color.org). */
export function styleOf({ env }: Terminal, stream: TextStream, isRequested = true): Style {
  const isColoured = isRequested && stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return isColoured ? colouredStyle : plainStyle;
}

const good = ['healthy', 'completed', 'ready', 'connected', 'active', 'running', 'enabled'];
const waiting = ['degraded', 'pending', 'progressing', 'creating', 'updating', 'deleting', 'waiting', 'suspended'];
const bad = ['unhealthy', 'failed', 'disconnected', 'error', 'revoked', 'expired', 'diverged'];

/** A word of a status in the colour of what it means. */
export function statusText(word: string, style: Style): string {
  const first = word.toLowerCase().split(/\W/, 1)[0] ?? '';
  if (good.includes(first)) return style.green(word);
  if (waiting.includes(first)) return style.yellow(word);
  return bad.includes(first) ? style.red(word) : style.dim(word);
}
