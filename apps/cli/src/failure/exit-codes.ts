/** What the process answers to the shell. `drift` is what `diff` finds. `usage` is EX_USAGE of sysexits.h; `interrupted` is 128 + SIGINT. */
export const exitCodes = { ok: 0, failed: 1, drift: 2, usage: 64, interrupted: 130 } as const;

/** For `--help` of every command. */
export const exitCodesText =
  'Exit status: 0 done, 1 failed, 2 differences (diff), 64 wrong usage, 130 stopped by Ctrl-C.';
