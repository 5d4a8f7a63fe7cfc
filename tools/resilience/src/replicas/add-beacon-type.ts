/** Loaded by services before their own code: gives this checkout's catalog a type that no agent was built with. */
import { addServiceType, beacon } from '@runos/service-types/testing';

addServiceType(beacon);
