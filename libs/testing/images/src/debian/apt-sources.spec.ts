import { expect, it } from '@jest/globals';
import { sourcesOf } from './apt-sources.js';

it('uses the mirrors of the machine for another suite, and no other repositories', () => {
  const targets = [
    'Debian bookworm main http://mirror.example.org/debian',
    'Debian bookworm contrib http://mirror.example.org/debian',
    'Debian bookworm-updates main http://mirror.example.org/debian',
    'Debian bookworm-security main http://security.example.org/debian-security',
    'Debian bookworm-backports main http://mirror.example.org/debian',
    'Tool bookworm main https://apt.example.com',
    'Debian nodistro main https://node.example.com',
    '',
  ];
  const expected = [
    'deb http://mirror.example.org/debian trixie main',
    'deb http://mirror.example.org/debian trixie-updates main',
    'deb http://security.example.org/debian-security trixie-security main',
  ];
  expect(sourcesOf(targets, 'bookworm', 'trixie')).toEqual(expected);
  expect(sourcesOf([...targets, ...targets], 'bookworm', 'trixie')).toEqual(expected);
  expect(sourcesOf(['Ubuntu noble main http://mirror.example.org/ubuntu'], 'noble', 'trixie')).toEqual([]);
});
