import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { launchChromium } from '../serial-bench/chromium.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { BillFlow } from './support/bill-flow.ts';
import { chooseWay, demoHousehold, openBill, residentPhone } from './support/bill-phone.ts';
import { directWayOpen, RelayCut, watchDirectWay } from './support/relay-cut.ts';
import { openForTests } from './support/shared.ts';

const problem = chromiumProblem();
const minuteMs = 60_000;
/** Another household of the demo: it owes when the first one has paid all it owed. */
const neighbour = { number: '20260003177', secret: '1204' };

/** Everything that a page keeps in its browser: stores, databases and caches' addresses, as text. */
function keptBy(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const answered = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error as Error);
      });
    const found: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await answered(indexedDB.open(name));
      for (const store of database.objectStoreNames)
        found.push(name, store, await answered(database.transaction(store).objectStore(store).getAll()));
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      found.push((await cache.keys()).map(({ url }) => url));
    }
    return JSON.stringify(found);
  });
}

/** A resident's bill on what npm start starts: asked for at the terminal, scanned, read and paid on the phone. */
describe.skipIf(problem !== undefined)('a bill that a resident pays on their own phone', () => {
  let flow: BillFlow;

  openForTests({
    open: async () => (flow = await BillFlow.open()),
    close: () => flow.close(),
    tidy: () => flow.closePhones(),
  });

  /** Terminal, phone, ledger and household must tell the same. */
  async function expectPaid(phone: Page, fen: number): Promise<void> {
    await phone.getByTestId('paid').waitFor();
    await expectBooks((await phone.getByTestId('receipt-no').textContent()) ?? '', fen);
  }

  /** Terminal, ledger and household's account tell of a receipt alike. */
  async function expectBooks(told: string, fen: number): Promise<void> {
    const receiptNo = told.replace(/^.*?(TK-\S+).*$/s, '$1');
    await flow.billAt('paid').waitFor();
    await expect.poll(() => flow.terminal.page.getByTestId('fees').textContent()).toContain(receiptNo);
    const paidFen = await flow.one<string>(
      `select total_fen::text as value from fee_receipts where receipt_no = $1 and kind = 'payment'`,
      [receiptNo],
    );
    expect(Number(paidFen)).toBe(fen);
    const imbalance = await flow.one<string>('select coalesce(sum(amount_fen), 0)::text as value from ledger_entries');
    expect(Number(imbalance)).toBe(0);
    const order = await flow.one<string>(
      `select o.state as value from payment_orders o join fee_receipts r on r.quote_id = o.id where r.receipt_no = $1`,
      [receiptNo],
    );
    expect(order).toBe('paid');
    const open = await flow.one<string>(
      `select count(*)::text as value from fee_claims c join fee_receipts r on r.quote_id = c.quote_id where r.receipt_no = $1`,
      [receiptNo],
    );
    expect(Number(open)).toBe(0);
    const owed = await flow.one<string>(
      `select count(*)::text as value from fee_receipts r join fee_quotes q on q.id = r.quote_id
       cross join jsonb_array_elements(q.bills) x join fee_bills b on b.id = (x ->> 'id')::uuid
       where r.receipt_no = $1 and b.state <> 'paid'`,
      [receiptNo],
    );
    expect(Number(owed)).toBe(0);
    await flow.finish();
  }

  async function sumOnTerminal(): Promise<number> {
    return Number(await flow.terminal.anchor('fee-sum').getAttribute('data-fen'));
  }

  test('electricity: the code is scanned, both show the same digits, WeChat pays, four books agree', async () => {
    await flow.askForBill('electricity');
    const fen = await sumOnTerminal();
    const code = await flow.scan();
    expect(code).toMatch(/^http:\/\/localhost:\d+\/l#[A-Za-z0-9_-]{64}$/);
    const phone = await flow.phone(code);
    await phone.getByTestId('pay').waitFor();
    expect(new URL(phone.url()).hash).toBe('');
    await flow.billAt('digits').waitFor();
    const digits = async (page: Page): Promise<string> => (await page.locator('.digits b').allTextContents()).join('');
    await expect.poll(() => digits(phone)).toBe(await digits(flow.terminal.page));
    await chooseWay(phone, 'wechat-pay');
    await flow.payInWallet(phone);
    const kept = await keptBy(flow.terminal.page);
    expect(kept).toContain('tillkeeper');
    for (const secret of [demoHousehold.number, `"${demoHousehold.secret}"`]) expect(kept).not.toContain(secret);
    await expectPaid(phone, fen);
    expect(await keptBy(flow.terminal.page)).not.toContain(demoHousehold.number);
  });

  test('without WebRTC, and the page reloaded in the middle: the relay carries all of it, Alipay pays', async () => {
    const browser = await launchChromium({ args: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'] });
    try {
      await flow.askForBill('property');
      const fen = await sumOnTerminal();
      const context = await browser.newContext(residentPhone);
      const phone = await flow.phone(await flow.scan(), context);
      await phone.getByTestId('pay').waitFor();
      await phone.reload();
      await chooseWay(phone, 'alipay');
      await flow.payInWallet(phone);
      await expectPaid(phone, fen);
    } finally {
      await browser.close();
    }
  });

  test('five minutes at the wallet: the terminal waits, and the page goes on where it was', async () => {
    await flow.askForBill('property');
    const fen = await sumOnTerminal();
    const phone = await flow.phone(await flow.scan());
    await chooseWay(phone, 'wechat-pay');
    await phone.getByRole('button', { name: /^支付 ¥/ }).waitFor();
    for (let minute = 0; minute < 5; minute += 1) await flow.terminal.page.clock.fastForward(minuteMs);
    await flow.payInWallet(phone);
    await expectPaid(phone, fen);
  });

  test('UnionPay: the account leaves the phone as ciphertext, the form is posted, and the page comes back', async () => {
    await flow.askForBill('property');
    const fen = await sumOnTerminal();
    const sent: string[] = [];
    const phone = await flow.phone(await flow.scan());
    phone.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
    await phone.locator('input[name="way"][value="unionpay-qr"]').check({ force: true });
    await phone.getByTestId('account').fill('6222020200112230126');
    await phone.getByTestId('pay').click();
    await flow.payInWallet(phone);
    await expectPaid(phone, fen);
    expect(sent.some((text) => text.includes('accNo='))).toBe(true);
    expect(sent.filter((text) => text.includes('6222020200112230126'))).toEqual([]);
  });

  test('inside WeChat: the page asks WeChat who pays, hands over to its bridge, and is back where it was', async () => {
    await flow.askForBill('electricity');
    const fen = await sumOnTerminal();
    const userAgent = 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile MicroMessenger/8.0.50';
    const context = await flow.browser.newContext({ ...residentPhone, userAgent });
    // The app's bridge: the stand-in checks what the page hands over, as the app does, and leads into the wallet.
    await context.addInitScript((wallet) => {
      const invoke = (_name: string, fields: Record<string, string>): void => {
        const query = new URLSearchParams({ ...fields, redirect_url: `${location.origin}/l?back=1` });
        location.assign(`${wallet}/wechat/bridge?${query.toString()}`);
      };
      Object.assign(globalThis, { WeixinJSBridge: { invoke } });
    }, flow.stack.platforms.url);
    const phone = await flow.phone(await flow.scan(), context);
    await chooseWay(phone, 'wechat-pay');
    await flow.payInWallet(phone);
    await expectPaid(phone, fen);
    const stored = await flow.one<string>(
      `select count(*)::text as value from payment_events where raw ~ '"openid"\\s*:\\s*"o'`,
    );
    expect(Number(stored)).toBe(0);
  });

  test('a photographed code: both phones and the terminal say so, and nothing is paid', async () => {
    await flow.askForBill('electricity', neighbour);
    const code = await flow.scan();
    const first = await flow.phone(code);
    await first.getByTestId('pay').waitFor();
    const other = await flow.browser.newContext(residentPhone);
    const second = await flow.phone(code, other);
    await second
      .locator('[data-testid="over"][data-reason="two-phones"], [data-testid="over"][data-reason="used"]')
      .waitFor();
    await first.locator('[data-testid="over"][data-reason="two-phones"]').waitFor();
    await flow.terminal.page.locator('[data-testid="link-note"][data-code="two-phones"]').waitFor();
  });

  test('the relay is gone after the direct way opened: the choice goes over it, and the return finds the relay again', async () => {
    const relay = new RelayCut();
    await relay.watch(flow.terminal.page);
    await flow.terminal.open();
    await flow.terminal.screen('channels').waitFor();
    await flow.askForBill('property', neighbour);
    const fen = await sumOnTerminal();
    const phone = await (await flow.browser.newContext(residentPhone)).newPage();
    await relay.watch(phone);
    await watchDirectWay(phone);
    await phone.goto(await flow.scan());
    await phone.getByTestId('pay').waitFor();
    await directWayOpen(phone);
    await flow.billAt('digits').waitFor();
    await relay.cut();
    // After two phones had one code, the terminal asks for the digits first: that goes over the direct way too.
    await flow.terminal.press('confirm');
    await chooseWay(phone, 'wechat-pay');
    await phone.getByRole('button', { name: /^支付 ¥/ }).waitFor();
    await expect.poll(() => relay.refused).toBeGreaterThan(0);
    relay.restore();
    await flow.payInWallet(phone);
    await expectPaid(phone, fen);
  });

  test('the relay cannot be reached: the bill is paid by a code on the terminal itself, and its books agree', async () => {
    const { terminal } = flow;
    await flow.toChannels();
    const relay = new RelayCut();
    await relay.watch(terminal.page);
    await relay.cut();
    await terminal.open();
    await terminal.screen('channels').waitFor();
    await openBill(terminal, 'electricity', neighbour);
    const fen = await sumOnTerminal();
    await terminal.page.locator('[data-testid="link-note"][data-code="no-connection"]').waitFor();
    expect(relay.refused).toBeGreaterThan(0);
    await terminal.press('1');
    await terminal.feeScreen('ways').waitFor();
    // The first choice was a slip: another way ends it at its platform, with the same bill.
    await terminal.press(await terminal.keyOf('fee-way-wechat-pay'));
    await terminal.feeStage('qr').waitFor();
    await terminal.anchor('qr').waitFor();
    const slip = await terminal.codeText();
    await terminal.press('1');
    await terminal.feeScreen('ways').waitFor();
    await terminal.press(await terminal.keyOf('fee-way-unionpay-qr'));
    await terminal.feeStage('qr').waitFor();
    await terminal.anchor('qr').waitFor();
    await expect(flow.payCode(slip)).rejects.toThrow('the wallet says');
    await flow.payCode(await terminal.codeText());
    await flow.billAt('paid').waitFor();
    await expectBooks((await terminal.anchor('receipt-no').textContent()) ?? '', fen);
    relay.restore();
  });
});
