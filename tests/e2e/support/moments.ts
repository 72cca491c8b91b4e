import type { Page, Route } from 'playwright-core';
import type { DeviceEvent, SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import type { TechnicianScreen } from './technician.ts';

/** How long a moment may be waited for, ms. */
const momentTimeoutMs = 90_000;

/** Settles after the device told the first event that `isIt`; `then` runs within that very event. */
function onDeviceEvent(
  device: SecureDevice,
  isIt: (event: DeviceEvent) => boolean,
  then: () => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error('The device never came to that point')), momentTimeoutMs);
    const stop = device.listen((event) => {
      if (!isIt(event)) return;
      stop();
      clearTimeout(giveUp);
      then().then(resolve, reject);
    });
  });
}

/** When the device's firmware has reached `state`, and nobody knows it yet. */
export function onDeviceState(device: SecureDevice, state: string, then: () => Promise<void>): Promise<void> {
  return onDeviceEvent(device, ({ type }) => type === 'state' && device.firmware?.core.state === state, then);
}

/** When the device works on the part of a commissioning order that its progress names `part`. */
export function onDeviceWork(device: SecureDevice, part: string, then: () => Promise<void>): Promise<void> {
  return onDeviceEvent(device, (event) => event.type === 'progress' && event.step === part, then);
}

/** Settles when the page's next call to `path` by `method` was answered by the server; `then` runs before the page hears of it. */
export async function onAnswerTo(page: Page, method: string, path: RegExp, then: () => Promise<void>): Promise<void> {
  const pattern = (url: URL): boolean => path.test(url.pathname);
  const held = Promise.withResolvers<undefined>();
  const handle = async (route: Route): Promise<void> => {
    if (route.request().method() !== method) return route.fallback();
    await page.unroute(pattern, handle);
    const answer = await route.fetch();
    await then();
    // A page that was reloaded meanwhile no longer waits for the answer.
    await route.fulfill({ response: answer }).catch(() => undefined);
    held.resolve(undefined);
  };
  await page.route(pattern, handle);
  await Promise.race([
    held.promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`No ${method} ${path.source}`)), momentTimeoutMs)),
  ]);
}

/** When the page's next call to `path` by `method` has left it; `then` runs before the server hears of it. */
export async function onCallTo(page: Page, method: string, path: RegExp, then: () => Promise<void>): Promise<void> {
  const pattern = (url: URL): boolean => path.test(url.pathname);
  const held = Promise.withResolvers<undefined>();
  let hasCome = false;
  const handle = async (route: Route): Promise<void> => {
    if (hasCome || route.request().method() !== method) return route.fallback();
    hasCome = true;
    await then();
    await route.continue();
    await page.unroute(pattern, handle);
    held.resolve(undefined);
  };
  await page.route(pattern, handle);
  await Promise.race([
    held.promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`No ${method} ${path.source}`)), momentTimeoutMs)),
  ]);
}

/** Starts the run and does something at a moment in the middle of it. */
type Moment = (screen: TechnicianScreen, device: SecureDevice, act: () => Promise<void>) => Promise<void>;

function startAnd(moment: Moment): Moment {
  return async (screen, device, act) => {
    await Promise.all([moment(screen, device, act), screen.press('start')]);
  };
}

/** The steps of a run that the policy decides, each with a moment in it. */
export const momentsByPolicy = {
  connect: async (screen, _device, act) => {
    await screen.waitForAct('start');
    await act();
  },
  request: startAnd((screen, _device, act) => onAnswerTo(screen.page, 'POST', /^\/api\/unlocks$/, act)),
  unlock: startAnd((_screen, device, act) => onDeviceState(device, 'BLANK', act)),
  keys: startAnd((_screen, device, act) => onDeviceWork(device, 'keys', act)),
  parameters: startAnd((_screen, device, act) => onDeviceWork(device, 'parameters', act)),
  'self-test': startAnd((_screen, device, act) => onDeviceWork(device, 'self-test', act)),
  'test-payment': startAnd((_screen, device, act) => onDeviceWork(device, 'void', act)),
  probation: startAnd((_screen, device, act) => onDeviceState(device, 'PROBATION', act)),
} as const satisfies Record<string, Moment>;

/** One of those steps. */
export type PolicyStep = keyof typeof momentsByPolicy;

/** All of them, in order. */
export const policySteps = Object.keys(momentsByPolicy) as readonly PolicyStep[];
