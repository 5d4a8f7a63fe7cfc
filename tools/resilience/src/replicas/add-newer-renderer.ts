/** Loaded by services before their own code: gives each type of this checkout's catalog a renderer of a newer build. */
import { serviceTypes } from '@runos/service-types';
import { addNewerRenderer } from '@runos/service-types/testing';

for (const { type } of serviceTypes) addNewerRenderer(type);
