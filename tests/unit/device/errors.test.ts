import { describe, expect, test } from 'vitest';
import { chooserError, openErrors, openingError } from '../../../src/device/errors.ts';
import { domError } from '../../conformance/transports/fake-serial.ts';

const here = { attached: true, openedBefore: false, linux: false };

describe('what the chooser threw', () => {
  test.each([
    [domError('NotFoundError', 'No port selected by the user.'), 'no-device-selected'],
    [domError('SecurityError', 'Must be handling a user gesture to show a permission request.'), 'gesture-needed'],
    [
      domError('SecurityError', 'Access to the feature "serial" is disallowed by permissions policy.'),
      'blocked-by-policy',
    ],
    [domError('NotAllowedError'), 'blocked-by-policy'],
    [new TypeError('bad filter'), 'unknown'],
    ['a string', 'unknown'],
  ])('%s is %s', (cause, expected) => {
    expect(chooserError(cause)).toBe(expected);
  });
});

describe('what open threw', () => {
  test.each([
    ['NetworkError', here, 'in-use'],
    ['NetworkError', { ...here, linux: true }, 'no-permission'],
    ['NetworkError', { ...here, linux: true, openedBefore: true }, 'in-use'],
    ['NetworkError', { ...here, attached: false }, 'gone'],
    ['NotFoundError', here, 'gone'],
    ['InvalidStateError', here, 'busy-opening'],
    ['SecurityError', here, 'blocked-by-policy'],
    ['SecurityError', { ...here, linux: true }, 'no-permission'],
    ['OperationError', here, 'unknown'],
  ])('%s with %o is %s', (name, circumstances, expected) => {
    expect(openingError(domError(name), circumstances)).toBe(expected);
  });

  test('a message is never needed, Firefox may leave it empty', () => {
    expect(openingError(domError('NetworkError', ''), here)).toBe('in-use');
  });
});

test('no code stands twice in the catalogue', () => {
  expect(new Set(openErrors).size).toBe(openErrors.length);
});
