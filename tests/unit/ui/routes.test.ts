import { describe, expect, test } from 'vitest';
import { homePath, pathAfterSignIn, shellRoute } from '../../../src/app/routes.ts';
import { officeRoute } from '../../../src/office/routes.ts';

describe('the shell’s routes', () => {
  test.each([
    ['/', { screen: 'home' }],
    ['/sign-in', { screen: 'sign-in' }],
    ['/account', { screen: 'account' }],
    ['/account/', { screen: 'account' }],
    ['/account/more', { screen: 'not-found' }],
    ['/confirm', { screen: 'confirm' }],
    ['/confirm/more', { screen: 'not-found' }],
    ['/terminal', { screen: 'terminal' }],
    ['/terminal/more', { screen: 'not-found' }],
    ['/invitation/abc', { screen: 'invitation', token: 'abc' }],
    ['/invitation', { screen: 'not-found' }],
    ['/invitation/abc/def', { screen: 'not-found' }],
    ['/technician', { screen: 'person', person: 'technician' }],
    ['/technician/tickets/1', { screen: 'person', person: 'technician' }],
    ['/office/requests', { screen: 'person', person: 'office' }],
    ['/toString', { screen: 'not-found' }],
    ['/nothing', { screen: 'not-found' }],
  ])('%s', (path, route) => {
    expect(shellRoute(path)).toEqual(route);
  });

  test.each([
    ['technician', '/technician'],
    ['operator', '/office/requests'],
    ['approver', '/office/requests'],
    ['merchant', '/merchant'],
  ] as const)('a %s starts at %s', (role, path) => {
    expect(homePath(role)).toBe(path);
  });
});

describe('after a sign-in', () => {
  test.each([
    ['an own path is kept', '/office/requests/1?x=2', 'approver', '/office/requests/1?x=2'],
    ['the account page is everybody’s', '/account', 'technician', '/account'],
    ['the second person’s screen is the technician’s', '/confirm', 'technician', '/confirm'],
    ['… and the merchant’s', '/confirm', 'merchant', '/confirm'],
    ['… and not the office’s', '/confirm', 'approver', '/office/requests'],
    ['another role’s path leads home', '/office/people', 'technician', '/technician'],
    ['nothing wanted leads home', null, 'operator', '/office/requests'],
    ['another site is refused', 'https://evil.example/office', 'operator', '/office/requests'],
    ['a protocol-relative address is refused', '//evil.example', 'operator', '/office/requests'],
    ['a backslash address is refused', '/\\evil.example', 'operator', '/office/requests'],
    ['the sign-in itself is no goal', '/sign-in', 'technician', '/technician'],
  ] as const)('%s', (_name, wanted, role, path) => {
    expect(pathAfterSignIn(wanted, role)).toBe(path);
  });
});

describe('the office’s routes', () => {
  test.each([
    ['/office', { screen: 'requests' }],
    ['/office/requests', { screen: 'requests' }],
    ['/office/requests/7', { screen: 'requests', id: '7' }],
    ['/office/terminals/7', { screen: 'terminals', id: '7' }],
    ['/office/tickets/7', { screen: 'not-found' }],
    ['/office/requests/7/8', { screen: 'not-found' }],
    ['/office/nothing', { screen: 'not-found' }],
  ])('%s', (path, route) => {
    expect(officeRoute(path)).toEqual(route);
  });
});
