import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerFetch } from '../../src/hub/answers.js';
import { explain } from '../../src/hub/explain.js';
import { longestPauseMs } from '../../src/hub/patience.js';
import { attemptsAfter, HttpFailure, hubFetch, pauseAfter } from '../../src/hub/requests.js';
import { hubSettings } from '../../src/hub/settings.js';

describe('the pause after a failure', () => {
  const settings = { ...hubSettings({}), retryDelayMs: 20 };
  /** How long is waited after each of these failures, and what is said. */
  async function pauses(retryAfterMs: number | undefined, failures: number[], status = 429) {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const waited: number[] = [];
    for (const failure of failures) {
      await pauseAfter(settings, new HttpFailure('busy', status, undefined, retryAfterMs), failure, async ms => {
        waited.push(ms);
      });
    }
    const said = write.mock.calls.map(([text]) => String(text)).join('');
    write.mockRestore();
    return { waited, said };
  }

  it.each([undefined, 0, 15])('is longer each time, whatever less is asked for: %s ms', async retryAfterMs => {
    expect(await pauses(retryAfterMs, [1, 2, 3])).toEqual({ waited: [20, 40, 80], said: '' });
  });

  it.each([408, 429, 500, 502, 503, 504])('is what the server asks for with %i, and is told', async status => {
    expect(await pauses(12_000, [1], status)).toEqual({
      waited: [12_000],
      said: `https://huggingface.co asks to be left alone for a while (HTTP ${status}); the next try comes in 12 s.\n`,
    });
  });

  it('is none where the server asks for more than it is given', () => {
    const attempts = (retryAfterMs: number) => attemptsAfter(new HttpFailure('busy', 503, undefined, retryAfterMs));
    expect([attempts(longestPauseMs), attempts(longestPauseMs + 1)]).toEqual([5, 1]);
  });
});

describe('the access token', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
  });

  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is shown to the hub, and neither to where it redirects nor to another address', async () => {
    const shown: string[] = [];
    const note =
      (name: string, location?: (url: string) => string): RequestListener =>
      (request, response) => {
        shown.push(`${name} ${request.url} ${request.headers.authorization}`);
        if (location !== undefined && !request.url!.startsWith('/api/plain')) {
          response.writeHead(302, { Location: location(request.url!) });
        }
        response.end();
      };
    const other = await serve(note('other'));
    const hub = await serve(note('hub', () => `${other}/there`));
    const hubbed = hubFetch({ ...hubSettings({}), endpoint: `${hub}/api` }, 'company-token');
    const addresses = [`${hub}/api/plain`, '/api/plain?cursor=2', `${hub}/api/elsewhere`, `${other}/next-page`];
    for (const address of addresses) await hubbed(address);
    expect(shown).toEqual([
      'hub /api/plain Bearer company-token',
      'hub /api/plain?cursor=2 Bearer company-token',
      'hub /api/elsewhere Bearer company-token',
      'other /there undefined',
      'other /next-page undefined',
    ]);
  });

  it.each(['a word', 'JSON', 'a header'])('stands in no message, where a server repeats it in %s', async kind => {
    const hub = await serve((request, response) => {
      const said = `no ${request.headers.authorization} here`;
      response.writeHead(kind === 'a word' ? 200 : 401, kind === 'a header' ? { 'X-Error-Message': said } : {});
      response.end(kind === 'a header' ? '' : kind === 'JSON' ? JSON.stringify({ error: said }) : 'company-token');
    });
    const asked = answerFetch({ ...hubSettings({}), endpoint: hub }, 'object', 'company-token')(`${hub}/x`);
    const said = await asked.then(String, error => String(error.message));
    expect(said).toContain('(th');
    expect(said).not.toContain('company-token');
  });

  it.each(['test', 'a', '"', 'en'])('changes nothing of an answer where it is no secret: %s', async token => {
    const answer = { sha: 'abcdef', siblings: [{ rfilename: 'PAN-X.en/test-00000-of-00001.parquet' }] };
    const hub = await serve((_, response) => response.end(JSON.stringify(answer)));
    const response = await answerFetch({ ...hubSettings({}), endpoint: hub }, 'object', token)(`${hub}/x`);
    expect(await response.json()).toEqual(answer);
  });

  it('is told as not sent, where the hub leads to another host that refuses what was asked for', async () => {
    const other = await serve((_, response) => response.writeHead(401).end());
    const hub = await serve((_, response) => response.writeHead(301, { Location: `${other}/x` }).end());
    const settings = { ...hubSettings({}), endpoint: hub };
    const failure = await hubFetch(settings, 'company-token')(`${hub}/x`).catch(error => error);
    const repo = { type: 'model', name: 'org/model', revision: 'main' } as const;
    expect(explain(failure, { settings, repo, file: 'config.json', tokenFrom: 'HF_TOKEN' })).toMatchObject({
      message: `${hub} leads to ${other}, which does not get the token from HF_TOKEN and refuses org/model: config.json (HTTP 401: Unauthorized).`,
      hint: "If that is the hub's own address, set HF_ENDPOINT to it.",
    });
  });

  it('is none where there is none', async () => {
    const shown: unknown[] = [];
    const hub = await serve((request, response) => {
      shown.push(request.headers.authorization);
      response.end();
    });
    await hubFetch({ ...hubSettings({}), endpoint: hub }, undefined)(`${hub}/x`);
    expect(shown).toEqual([undefined]);
  });
});
