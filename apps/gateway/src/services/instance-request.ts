/** One instance, as a path names it. */
export const oneOf = ({ cid, type, id }: { cid: string; type: string; id: string }) => ({ cid, type, id });

/** Absent unless it is true, as before there was a force. */
export const forced = ({ force }: { readonly force?: 'true' | 'false' | undefined }) =>
  force === 'true' ? { force: true } : {};
