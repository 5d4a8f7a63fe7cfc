import { Fault, type FaultDetails } from '@runos/kernel';

/** A type, or a version of it. */
export interface OfferedName {
  readonly type: string;
  readonly version?: string;
}

/** The refusal of a name that this build does not know. A newer build may offer it. */
export class NotOffered extends Fault {
  constructor(
    code: 'type.not_found' | 'request.invalid',
    message: string,
    readonly named: OfferedName,
    details?: FaultDetails,
  ) {
    super(code, message, details);
  }
}
