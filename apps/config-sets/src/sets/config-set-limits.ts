import { Fault } from '@runos/kernel';

/** How much one account may keep. Both lists must fit one message (4 MiB), at some 8 KiB for a full set. */
export class ConfigSetLimits {
  constructor(
    private readonly sets: number,
    private readonly versions: number,
  ) {}

  /** Refuses one more set beside that many. */
  anotherSet(present: number): void {
    if (present >= this.sets)
      throw new Fault('limit.exceeded', `The account has ${present} config sets; at most ${this.sets} are allowed.`);
  }

  /** Refuses a version with that number. */
  version(number: number): void {
    if (number > this.versions)
      throw new Fault(
        'limit.exceeded',
        `The config set has ${number - 1} versions; at most ${this.versions} are allowed. Make a new config set.`,
      );
  }
}
