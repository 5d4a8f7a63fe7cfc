// as itself
// must fail: @typescript-eslint/switch-exhaustiveness-check
export function textOf(state: 'open' | 'closed'): string {
  switch (state) {
    case 'open':
      return 'open';
  }
  return '';
}
