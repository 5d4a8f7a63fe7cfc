/** One hour, ms. */
export const hourMs = 3_600_000;

/** One day of 24 hours, ms. */
export const dayMs = 24 * hourMs;
