import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { reconnectMaxMs, ServerEvents, streamSilenceMs } from '../../../src/api/events.svelte.ts';
import { NetworkState } from '../../../src/api/network.svelte.ts';
import { sseLineMaxChars, SseParser } from '../../../src/api/sse.ts';

describe('the event stream’s text', () => {
  test('events come whole whatever the chunks', () => {
    const text = ': heart-beat\n\nevent: unlock\ndata: {"id":"1"}\n\nevent: ticket\r\ndata: a\r\ndata: b\r\n\r\n';
    for (let size = 1; size <= text.length; size += 3) {
      const parser = new SseParser();
      const events = (text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []).flatMap((chunk) => parser.push(chunk));
      expect(events.filter((event) => event.name === 'unlock')).toEqual([{ name: 'unlock', data: '{"id":"1"}' }]);
    }
  });

  test('a line without end does not fill the memory', () => {
    const parser = new SseParser();
    parser.push('data: ');
    expect(parser.push('x'.repeat(sseLineMaxChars + 1))).toEqual([]);
    expect(parser.push('\n\nevent: alarm\ndata: {}\n\n')).toEqual([{ name: 'alarm', data: '{}' }]);
  });
});

/** A stream that the test feeds. */
function openStream() {
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    send: (text: string) => feed?.enqueue(new TextEncoder().encode(text)),
    end: () => feed?.close(),
  };
}

describe('staying connected', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function eventsWith(fetch: (input: string, init: RequestInit) => Promise<Response>) {
    return new ServerEvents({ fetch, network: new NetworkState(Date.now), now: Date.now, random: () => 1 });
  }

  test('a change is told with its id', async () => {
    const stream = openStream();
    const events = eventsWith(() => Promise.resolve(stream.response));
    const heard: string[] = [];
    events.on('unlock', (id) => heard.push(id));
    events.start();
    stream.send('event: unlock\ndata: {"id":"c1"}\n\nevent: unlock\ndata: nonsense\n\n');
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['c1']);
    expect(events.state).toBe('open');
    events.stop();
    expect(events.state).toBe('closed');
  });

  test('a broken stream is opened again and says that changes may be missing', async () => {
    const streams = [openStream(), openStream()];
    let opened = 0;
    const events = eventsWith(() => Promise.resolve(streams[opened++]!.response));
    const reconnected = vi.fn();
    events.onReconnect(reconnected);
    events.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(reconnected).not.toHaveBeenCalled();
    streams[0]!.end();
    await vi.advanceTimersByTimeAsync(10);
    expect(events.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events.state).toBe('open');
    expect(reconnected).toHaveBeenCalledOnce();
    events.stop();
  });

  test('a page that opened without a network hears when there is one, to fetch what failed', async () => {
    const stream = openStream();
    const fetch = vi.fn<() => Promise<Response>>().mockRejectedValueOnce(new TypeError('no network'));
    const events = eventsWith(fetch.mockResolvedValue(stream.response));
    const reconnected = vi.fn();
    events.onReconnect(reconnected);
    events.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events.state).toBe('open');
    expect(reconnected).toHaveBeenCalledOnce();
    events.stop();
  });

  test('whoever will not wait gives up a try that nobody answers, and the next one begins at once', async () => {
    const hanging = (_input: string, init: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    const fetch = vi.fn(hanging);
    const events = eventsWith(fetch);
    events.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fetch).toHaveBeenCalledOnce();
    events.retryNow();
    await vi.advanceTimersByTimeAsync(1);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(events.state).toBe('connecting');
    events.stop();
  });

  test('a silent stream is given up', async () => {
    const fetch = vi.fn((_input: string, init: RequestInit) => {
      const stream = openStream();
      init.signal?.addEventListener('abort', () => stream.end());
      return Promise.resolve(stream.response);
    });
    const events = eventsWith(fetch);
    events.start();
    await vi.advanceTimersByTimeAsync(streamSilenceMs + 2_000);
    expect(fetch).toHaveBeenCalledTimes(2);
    events.stop();
  });

  test('tries come rarer, but never stop', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError('no network')));
    const events = eventsWith(fetch);
    events.start();
    await vi.advanceTimersByTimeAsync(60_000);
    const afterOneMinute = fetch.mock.calls.length;
    expect(afterOneMinute).toBeGreaterThan(5);
    await vi.advanceTimersByTimeAsync(10 * reconnectMaxMs);
    expect(fetch.mock.calls.length - afterOneMinute).toBe(10);
    events.stop();
  });

  test('nobody signed in ends the tries until it is started again', async () => {
    const fetch = vi.fn(() => Promise.resolve(new Response('', { status: 401 })));
    const events = eventsWith(fetch);
    events.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledOnce();
    expect(events.state).toBe('signed-out');
    events.start();
    await vi.advanceTimersByTimeAsync(1);
    expect(fetch).toHaveBeenCalledTimes(2);
    events.stop();
  });
});
