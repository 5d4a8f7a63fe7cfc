import { v7 as uuidv7 } from 'uuid';

/** A job's id begins with the time by the database's clock: lists page by id, whichever replica made it. */
export const mintJobId = (now: Date): string => uuidv7({ msecs: now.getTime() });
