import { describe, beforeAll, afterAll, beforeEach, afterEach, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { launchChromium } from '../serial-bench/chromium.ts';
import { openPhone, openTerminal, type LinkPage } from '../bench/link/pages.ts';
import { LinkYard } from '../bench/link/yard.ts';

const problem = chromiumProblem();
const stage = { type: 'stage', stage: 'checking' } as const;
const ask = { type: 'ask' } as const;

describe.skipIf(problem !== undefined)(
  'a phone and a terminal, a real relay, a network that does what it likes',
  () => {
    let yard: LinkYard;
    let browser: Browser;

    beforeAll(async () => {
      yard = await LinkYard.open();
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser.close();
      await yard.close();
    });
    beforeEach(() => {
      Object.assign(yard.weather, { delayMs: 0, isDown: false, areSocketsBlocked: false, tamper: undefined });
      yard.seen.length = 0;
    });
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
    });

    async function linked(): Promise<{ terminal: LinkPage; phone: LinkPage; code: string }> {
      const { terminal, code } = await openTerminal(browser, yard);
      const phone = await openPhone(browser, code);
      await phone.gets(1);
      return { terminal, phone, code };
    }

    test('the bill comes over the relay, then the direct way opens, and both show the same digits', async () => {
      const { terminal, phone } = await linked();
      expect(await phone.types()).toEqual(['bill']);
      await phone.until({ carrier: 'rtc' });
      await terminal.until({ carrier: 'rtc', phase: 'joined' });
      expect((await phone.state()).digits).toBe((await terminal.state()).digits);
      await phone.send(ask);
      await terminal.gets(1);
      expect(yard.seen.every((frame) => !frame.includes('QQQQ') && !frame.includes('candidate'))).toBe(true);
      expect(await phone.page.evaluate(() => location.href)).toBe(`${yard.origin}/l`);
    });

    test('the relay is killed after the direct way opened: nothing is lost, and it is there again later', async () => {
      const { terminal, phone } = await linked();
      await phone.until({ carrier: 'rtc' });
      yard.cut();
      await phone.send(ask);
      await terminal.gets(1);
      await terminal.send(stage);
      await phone.gets(2);
      yard.weather.isDown = false;
      // Both find the relay again by themselves, by socket or by calls: when the direct way breaks too, it carries.
      await phone.page.evaluate(() => {
        for (const channel of globalThis.linkPage.channels) channel.send = () => undefined;
      });
      await phone.send(ask);
      await terminal.gets(2);
    });

    test('the direct way is closed, or swallows everything: the relay carries on', async () => {
      const { terminal, phone } = await linked();
      await phone.until({ carrier: 'rtc' });
      await terminal.page.evaluate(() => globalThis.linkPage.peers.at(-1)?.close());
      await phone.send(ask);
      await terminal.gets(1);
      await phone.until({ carrier: 'rtc' });
      await terminal.until({ carrier: 'rtc' });
      await phone.page.evaluate(() => {
        const channel = globalThis.linkPage.channels.at(-1);
        if (channel !== undefined) channel.send = () => undefined;
      });
      await phone.send(ask);
      await terminal.gets(2);
      expect(await terminal.types()).toEqual(['ask', 'ask']);
    });

    test('a phone that was at its wallet comes back to the same link, and gets what was said meanwhile', async () => {
      const { terminal, phone } = await linked();
      const { digits } = await phone.state();
      await phone.page.goto('about:blank');
      await terminal.send(stage);
      await phone.page.goto(`${yard.origin}/l?back=1`);
      await phone.gets(1);
      expect(await phone.types()).toEqual(['stage']);
      expect(await phone.state()).toMatchObject({ phase: 'joined', digits });
      await phone.send(ask);
      await terminal.gets(1);
      await phone.page.reload();
      await terminal.send(stage);
      await phone.gets(1);
      expect(await phone.types()).toEqual(['stage']);
      expect(await terminal.types()).toEqual(['ask']);
    });

    test('two phones open one code: the link is over, and all three say why', async () => {
      const { terminal, phone, code } = await linked();
      const second = await openPhone(browser, code);
      await terminal.until({ phase: 'over', failure: 'two-phones' });
      await second.until({ phase: 'over', failure: 'two-phones' });
      await phone.until({ phase: 'over', failure: 'two-phones' });
      expect(await second.types()).toEqual([]);
    });

    test('no WebSocket gets through: the same link by calls', async () => {
      yard.weather.areSocketsBlocked = true;
      const { terminal, code } = await openTerminal(browser, yard);
      expect(await terminal.state()).toMatchObject({ carrier: 'poll' });
      const phone = await openPhone(browser, code);
      await phone.gets(1);
      await phone.send(ask);
      await terminal.gets(1);
      await phone.until({ carrier: 'rtc' });
    });

    test('a relay that gives the hello of another terminal is found out', async () => {
      const { code } = await openTerminal(browser, yard);
      const [address = '', hash = ''] = code.split('#');
      const other = Buffer.from(hash, 'base64url');
      other[0]! ^= 1;
      const phone = await openPhone(browser, `${address}#${other.toString('base64url')}`);
      await phone.until({ phase: 'over', failure: 'not-this-terminal' });
      expect(await phone.types()).toEqual([]);
    });

    test('a code that is no code, and one that nobody shows, say so', async () => {
      const bad = await openPhone(browser, `${yard.origin}/l#abc`);
      await bad.until({ phase: 'over', failure: 'bad-code' });
      const unknown = await openPhone(browser, `${yard.origin}/l#${'A'.repeat(64)}`);
      await unknown.until({ phase: 'over', failure: 'expired' });
    });
  },
);

/** Every second of the first envelopes; what is lost again and again waits for pauses that double. */
const isChosen = (count: number): boolean => count % 2 === 0 && count <= 6;

/** What a hostile relay makes of the envelopes. */
const tricks = {
  'turns a bit': () => {
    let count = 0;
    return (frame: Buffer) => {
      if (isChosen((count += 1))) frame[frame.length - 1]! ^= 1;
      return [frame];
    };
  },
  'says again what it heard': () => {
    const heard: Buffer[] = [];
    return (frame: Buffer) => {
      heard.push(Buffer.from(frame));
      return [frame, frame, ...heard.slice(0, 3)];
    };
  },
  'drops some': () => {
    let count = 0;
    return (frame: Buffer) => (isChosen((count += 1)) ? [] : [frame]);
  },
  'turns the order round': () => {
    let held: Buffer | undefined;
    return (frame: Buffer) => {
      const before = held;
      held = before === undefined ? frame : undefined;
      return before === undefined ? [] : [frame, before];
    };
  },
  'gives one for another': () => {
    const heard: Buffer[] = [];
    return (frame: Buffer) => {
      heard.push(Buffer.from(frame));
      return [isChosen(heard.length) ? (heard.at(-2) ?? frame) : frame];
    };
  },
} as const;

describe.skipIf(problem !== undefined)('where the browser allows no direct way', () => {
  let yard: LinkYard;
  let browser: Browser;

  beforeAll(async () => {
    yard = await LinkYard.open();
    browser = await launchChromium({ args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] });
  });
  afterAll(async () => {
    await browser.close();
    await yard.close();
  });
  beforeEach(() => {
    Object.assign(yard.weather, { areSocketsBlocked: false, tamper: undefined });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  test('the relay carries everything, and nobody waits', async () => {
    const { terminal, code } = await openTerminal(browser, yard);
    const phone = await openPhone(browser, code);
    await phone.gets(1);
    await phone.send(ask);
    await terminal.gets(1);
    await terminal.send(stage);
    await phone.gets(2);
    // By calls where the socket was slow to open; never directly.
    expect(['relay', 'poll']).toContain((await phone.state()).carrier);
  });

  const everyTrick = Object.keys(tricks) as (keyof typeof tricks)[];
  // The envelopes are the same by calls; two of the tricks show that these are sealed and said again too.
  const cases = [
    ...everyTrick.map((trick) => ['by socket', trick] as const),
    ...(['turns a bit', 'drops some'] as const).map((trick) => ['by calls', trick] as const),
  ];

  test.each(cases)('%s: a relay that %s can refuse, and nothing more', async (way, trick) => {
    yard.weather.areSocketsBlocked = way === 'by calls';
    const { terminal, code } = await openTerminal(browser, yard);
    const phone = await openPhone(browser, code);
    await phone.gets(1);
    // The bill has come, so that each of what follows meets the trick; the handshake's turn is in the property tests.
    let changed = 0;
    const play = tricks[trick]();
    yard.weather.tamper = (frame) => {
      const before = Buffer.from(frame);
      const after = play(frame);
      if (after.length !== 1 || after[0]?.equals(before) !== true) changed += 1;
      return after;
    };
    for (let i = 0; i < 4; i++) await phone.send(ask);
    for (let i = 0; i < 4; i++) await terminal.send(stage);
    await terminal.gets(4);
    await phone.gets(5);
    expect(changed).toBeGreaterThan(0);
    expect(await phone.types()).toEqual(['bill', 'stage', 'stage', 'stage', 'stage']);
    expect(await terminal.types()).toEqual(['ask', 'ask', 'ask', 'ask']);
  });
});
