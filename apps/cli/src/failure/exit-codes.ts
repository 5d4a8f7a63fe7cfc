/** What the process answers to the shell. `usage` is EX_USAGE of sysexits.h; `interrupted` is 128 + SIGINT. */
export const exitCodes = { ok: 0, failed: 1, usage: 64, interrupted: 130 } as const;

/** For `--help` of every command. */
export const exitCodesText = 'Exit status: 0 done, 1 failed, 64 wrong usage, 130 stopped by Ctrl-C.';
