import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

/** The program of a Chromium on this machine: PANX_CHROMIUM, or what is in the PATH; null where there is none. */
export function findChromium(): string | null {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const name of process.env.PANX_CHROMIUM === undefined ? names : [process.env.PANX_CHROMIUM]) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {} // Not this one.
  }
  return null;
}

/** A headless Chromium, driven through pipes by its DevTools protocol. */
export interface Browser {
  /** Open a file in a new tab. */
  open(file: string, look?: { width?: number; height?: number; dark?: boolean }): Promise<Tab>;
  /** Where files that pages save are laid. */
  downloads: string;
  close(): Promise<void>;
}

export interface Tab {
  /** The value of an expression in the page; a promise is waited for. @throws Error where it throws */
  evaluate<T = unknown>(expression: string): Promise<T>;
  /** Press a key, and say that it was released. */
  press(key: string): Promise<void>;
  /** Type text into what has the focus. */
  type(text: string): Promise<void>;
  screenshot(path: string, wholePage?: boolean): Promise<void>;
  /** What came to the console, exceptions and refusals of the Content-Security-Policy among it. */
  messages: string[];
  /** Addresses that were asked for, less the file itself and what lies in it. */
  requests: string[];
}

type Parameters = Record<string, unknown>;
interface Message {
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Parameters;
  result?: Parameters;
  error?: { message: string };
}

export async function launchChromium(program: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'panx-chromium-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars'];
  const own = ['--remote-debugging-pipe', `--user-data-dir=${profile}`, '--no-first-run', '--force-color-profile=srgb'];
  const child = spawn(program, [...flags, ...own, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { send, onEvent } = connect(child);
  const downloads = join(profile, 'downloads');
  await send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
  return {
    downloads,
    async open(file, { width = 1280, height = 900, dark = false } = {}) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = (await send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
      const call = (method: string, params: Parameters = {}) => send(method, params, sessionId);
      const address = pathToFileURL(file).href;
      const [messages, requests]: [string[], string[]] = [[], []];
      let loaded = () => {};
      const whenLoaded = new Promise<void>(resolve => {
        loaded = resolve;
      });
      onEvent(sessionId, ({ method, params }) => {
        if (method === 'Page.loadEventFired') loaded();
        if (
          method === 'Runtime.consoleAPICalled' ||
          method === 'Runtime.exceptionThrown' ||
          method === 'Log.entryAdded'
        ) {
          messages.push(JSON.stringify(params));
        }
        if (method === 'Network.requestWillBeSent') {
          const { url } = (params as { request: { url: string } }).request;
          if (url.split('#')[0] !== address && !/^(data|blob):/.test(url)) requests.push(url);
        }
      });
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
      const mobile = width < 600;
      await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
      const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
      await call('Emulation.setEmulatedMedia', { features });
      await call('Page.navigate', { url: address });
      await whenLoaded;
      return { ...tabOf(call), messages, requests };
    },
    async close() {
      const ended = new Promise(resolve => child.on('exit', resolve));
      // It may be gone before it answers.
      await send('Browser.close').catch(() => {});
      await ended;
    },
  };
}

function tabOf(
  call: (method: string, params?: Parameters) => Promise<Parameters>,
): Pick<Tab, 'evaluate' | 'press' | 'type' | 'screenshot'> {
  return {
    async evaluate<T>(expression: string) {
      const answer = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
      return (answer.result as { value: T }).value;
    },
    async press(key) {
      const text = key.length === 1 ? { text: key } : {};
      const code = { Enter: 13, Escape: 27, ArrowDown: 40, ArrowUp: 38, Tab: 9 }[key];
      const about = { key, ...text, ...(code === undefined ? {} : { windowsVirtualKeyCode: code }) };
      await call('Input.dispatchKeyEvent', { type: 'keyDown', ...about });
      await call('Input.dispatchKeyEvent', { type: 'keyUp', ...about });
    },
    async type(text) {
      await call('Input.insertText', { text });
    },
    async screenshot(path, wholePage = false) {
      const { data } = await call('Page.captureScreenshot', { format: 'png', captureBeyondViewport: wholePage });
      writeFileSync(path, Buffer.from(data as string, 'base64'));
    },
  };
}

/** Messages of the protocol are JSON with a zero byte behind each, out through file 3 and in through file 4. */
function connect(child: ChildProcess): {
  send(method: string, params?: Parameters, sessionId?: string): Promise<Parameters>;
  onEvent(sessionId: string, listener: (message: Message) => void): void;
} {
  const [out, into] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, { resolve(value: Parameters): void; reject(error: Error): void }>();
  const listeners = new Map<string, (message: Message) => void>();
  let [next, rest] = [1, Buffer.alloc(0)];
  into.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString('utf8')) as Message;
      rest = rest.subarray(end + 1);
      if (message.id === undefined) listeners.get(message.sessionId ?? '')?.(message);
      else {
        const { resolve, reject } = waiting.get(message.id)!;
        waiting.delete(message.id);
        if (message.error === undefined) resolve(message.result ?? {});
        else reject(new Error(message.error.message));
      }
    }
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium has ended'));
  });
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        out.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
      }),
    onEvent: (sessionId, listener) => listeners.set(sessionId, listener),
  };
}
