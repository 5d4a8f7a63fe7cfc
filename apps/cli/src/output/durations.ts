/** An hour, ms. */
export const hourMs = 60 * 60 * 1_000;
/** A day, ms. */
export const dayMs = 24 * hourMs;
