import { expect, it } from '@jest/globals';
import { fieldLabel, objectLabel } from './field-label.js';
import { ageText, timeText } from './time-text.js';

const now = new Date('2026-11-30T12:00:00Z');

it.each([
  ['2026-11-30T11:59:48Z', '12s'],
  ['2026-11-30T09:59:00Z', '2h'],
  ['2026-11-20T12:00:00Z', '10d'],
  ['2026-11-30T12:00:20Z', '0s'],
  ['2027-02-28T12:00:00Z', 'in 90d'],
  ['soon', ''],
])('the age of %s is %j', (timestamp, text) => expect(ageText(timestamp, now)).toBe(text));

it('a time to come is shown as one', () => {
  expect(timeText('2026-11-30T13:30:00Z', now)).toBe('2026-11-30T13:30:00Z (in 1h)');
  expect(timeText('2026-11-30T10:30:00Z', now)).toBe('2026-11-30T10:30:00Z (1h ago)');
});

it('labels have units and the forms of abbreviations', () => {
  expect(
    ['cpuLimitMc', 'memoryRequestMb', 'progress.currentStep', 'resourceRequirementClassId'].map(fieldLabel),
  ).toEqual(['CPU limit (m)', 'memory request (MiB)', 'current step', 'class']);
  expect(objectLabel('createdAt')).toBe('Created at');
});
