/** What a user should know of a write that is accepted; what does not apply is absent. */
export const remarksOf = ({
  rrcFlipHint,
  warnings,
}: {
  readonly rrcFlipHint?: string | undefined;
  readonly warnings: readonly string[];
}) => ({
  ...(rrcFlipHint === undefined ? {} : { rrcFlipHint }),
  ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
});
