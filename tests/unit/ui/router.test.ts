// The router over a history of its own: the parts of the browser that it uses, and nothing else.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

interface Place {
  pathname: string;
  search: string;
  origin: string;
  href: string;
}

function fakeBrowser(start: string) {
  const origin = 'https://till.example';
  const stack = [start];
  const listeners: Record<string, ((event: unknown) => void)[]> = {};
  const place = {} as Place;
  const show = (): void => {
    const url = new URL(stack.at(-1) ?? '/', origin);
    Object.assign(place, { pathname: url.pathname, search: url.search, origin, href: url.href });
  };
  show();
  const listen = (name: string, listener: (event: unknown) => void) => (listeners[name] ??= []).push(listener);
  const forget = (name: string, listener: (event: unknown) => void) => {
    listeners[name] = (listeners[name] ?? []).filter((other) => other !== listener);
  };
  const history = {
    pushState: (_state: unknown, _title: string, path: string) => (stack.push(path), show()),
    replaceState: (_state: unknown, _title: string, path: string) => (stack.splice(-1, 1, path), show()),
    back: () => (stack.pop(), show(), fire('popstate', {})),
  };
  const fire = (name: string, event: unknown): void => (listeners[name] ?? []).forEach((listener) => listener(event));
  class FakeElement {
    readonly link: { href: string; target: string; hasAttribute: (name: string) => boolean };
    constructor(href: string, attributes: readonly string[] = [], target = '') {
      this.link = { href: new URL(href, origin).href, target, hasAttribute: (name) => attributes.includes(name) };
    }
    closest() {
      return this.link;
    }
  }
  return { place, history, listen, forget, fire, stack, FakeElement };
}

type Fake = ReturnType<typeof fakeBrowser>;

async function routerAt(path: string) {
  const fake = fakeBrowser(path);
  vi.stubGlobal('location', fake.place);
  vi.stubGlobal('history', fake.history);
  vi.stubGlobal('addEventListener', fake.listen);
  vi.stubGlobal('removeEventListener', fake.forget);
  vi.stubGlobal('document', { addEventListener: fake.listen, removeEventListener: fake.forget });
  vi.stubGlobal('scrollTo', () => undefined);
  vi.stubGlobal('Element', fake.FakeElement);
  const { Router } = await import('../../../src/app/router.svelte.ts');
  const router = new Router();
  return { router, fake, stop: router.listen() };
}

function click(fake: Fake, element: object, more: object = {}): boolean {
  let isPrevented = false;
  const prevent = () => (isPrevented = true);
  fake.fire('click', { target: element, button: 0, defaultPrevented: false, preventDefault: prevent, ...more });
  return isPrevented;
}

describe('router', () => {
  beforeEach(() => vi.resetModules());
  afterEach(() => vi.unstubAllGlobals());

  test('starts where the page is', async () => {
    const { router } = await routerAt('/office/terminals?state=LOCKED');
    expect(router.path).toBe('/office/terminals');
    expect(router.query.get('state')).toBe('LOCKED');
  });

  test('goes on and back', async () => {
    const { router } = await routerAt('/office/requests');
    router.go('/office/requests/1');
    router.back('/elsewhere');
    expect(router.path).toBe('/office/requests');
  });

  test('goes to the fallback when nothing of ours lies behind', async () => {
    const { router, fake } = await routerAt('/office/requests/1');
    router.back('/office/requests');
    expect(router.path).toBe('/office/requests');
    expect(fake.stack).toEqual(['/office/requests']);
  });

  test('replacing leaves no step', async () => {
    const { router, fake } = await routerAt('/');
    router.go('/technician', { replace: true });
    expect(fake.stack).toEqual(['/technician']);
  });

  test('a plain click on a link of ours is taken over', async () => {
    const { router, fake } = await routerAt('/office/requests');
    expect(click(fake, new fake.FakeElement('/office/people'))).toBe(true);
    expect(router.path).toBe('/office/people');
  });

  test.each([
    ['another site', 'https://other.example/x', [], '', {}],
    ['a new window', '/office/people', [], '_blank', {}],
    ['a download', '/office/people', ['download'], '', {}],
    ['the server’s own address', '/api/audit', [], '', {}],
    ['a place on this page', '/office/requests#decision', [], '', {}],
    ['a click with a key held', '/office/people', [], '', { ctrlKey: true }],
    ['the middle button', '/office/people', [], '', { button: 1 }],
    ['a click that somebody else took', '/office/people', [], '', { defaultPrevented: true }],
  ])('%s is left to the browser', async (_name, href, attributes, target, more) => {
    const { router, fake } = await routerAt('/office/requests');
    expect(click(fake, new fake.FakeElement(href, attributes, target), more)).toBe(false);
    expect(router.path).toBe('/office/requests');
  });

  test('stops listening', async () => {
    const { router, fake, stop } = await routerAt('/office/requests');
    stop();
    expect(click(fake, new fake.FakeElement('/office/people'))).toBe(false);
    expect(router.path).toBe('/office/requests');
  });
});
