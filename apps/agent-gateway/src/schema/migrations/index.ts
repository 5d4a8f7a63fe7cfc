import { CreateSchema1800000000001 } from './0001-create-schema.js';
import { NumberSessionsByTime1800000000002 } from './0002-number-sessions-by-time.js';
import { RememberRegistrations1800000000003 } from './0003-remember-registrations.js';
import { DetectDuplicateIdentities1800000000004 } from './0004-detect-duplicate-identities.js';
import { IndexSessionsBySerial1800000000005 } from './0005-index-sessions-by-serial.js';
import { KeepNodeReports1800000000006 } from './0006-keep-node-reports.js';
import { IndexCertificatesByExpiry1800000000007 } from './0007-index-certificates-by-expiry.js';
import { KeepAgentProblems1800000000008 } from './0008-keep-agent-problems.js';
import { BindRegistrationTokens1800000000009 } from './0009-bind-registration-tokens.js';
import { NumberAgentInfo1800000000010 } from './0010-number-agent-info.js';

/** In the order in which they run. */
export const migrations = [
  CreateSchema1800000000001,
  NumberSessionsByTime1800000000002,
  RememberRegistrations1800000000003,
  DetectDuplicateIdentities1800000000004,
  IndexSessionsBySerial1800000000005,
  KeepNodeReports1800000000006,
  IndexCertificatesByExpiry1800000000007,
  KeepAgentProblems1800000000008,
  BindRegistrationTokens1800000000009,
  NumberAgentInfo1800000000010,
];
