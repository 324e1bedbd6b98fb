import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type StandInHub, startHub } from '../hub/server.js';
import type { HubPlan } from './case.js';
import type { Fixtures } from './fixtures.js';

export interface HostileHub {
  endpoint: string;
  close(): Promise<void>;
}

/** The ids under which the sample is served. */
export const servedModel = 'some/model';
export const servedData = 'some/data';

/** A local hub with the sample's model and data, and before it a server that changes what it answers. */
export async function startHostileHub(plan: HubPlan, fixtures: Fixtures): Promise<HostileHub> {
  const hub = await startHub([
    { type: 'model', name: servedModel, commit: 'a'.repeat(40), files: filesOf(join(fixtures.folder, 'model')) },
    { type: 'dataset', name: servedData, commit: 'b'.repeat(40), files: filesOf(join(fixtures.folder, 'data')) },
  ]);
  const server = createServer((request, response) => {
    void answer(plan, hub, request, response).catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await hub.close();
    },
  };
}

async function answer(
  plan: HubPlan,
  hub: StandInHub,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? '/';
  const hostile = plan.answers?.find(({ match }) => new RegExp(match).test(`${request.method} ${url}`));
  if (hostile?.status !== undefined) {
    response.writeHead(hostile.status, hostile.status < 400 ? { Location: url } : {}).end(hostile.body ?? '');
    return;
  }
  const headers = { ...request.headers } as Record<string, string>;
  delete headers.host;
  delete headers.connection;
  const real = await fetch(`${hub.endpoint}${url}`, { method: request.method ?? 'GET', headers, redirect: 'manual' });
  let bytes = Buffer.from(await real.arrayBuffer());
  if (hostile?.body !== undefined) bytes = Buffer.from(hostile.body);
  else if (plan.listed !== undefined && /\/tree\//.test(url)) bytes = withEntries(bytes, plan.listed);
  // The next page of a listing is asked of this server too.
  const own = `http://${request.headers.host}`;
  const kept = Object.fromEntries(
    [...real.headers]
      .filter(([name]) => !/^(connection|transfer-encoding|content-encoding|keep-alive)$/.test(name))
      .map(([name, value]) => [name, name === 'link' ? value.replaceAll(hub.endpoint, own) : value]),
  );
  if (request.method !== 'HEAD') kept['content-length'] = String(bytes.length);
  response.writeHead(real.status, kept);
  if (request.method === 'HEAD') response.end();
  else if (hostile?.cut !== undefined)
    response.write(bytes.subarray(0, hostile.cut), () => setTimeout(() => response.destroy(), 20));
  else if (hostile?.bytesPerSecond !== undefined) trickle(response, bytes, hostile.bytesPerSecond);
  else response.end(bytes);
}

function withEntries(bytes: Buffer, listed: NonNullable<HubPlan['listed']>): Buffer<ArrayBuffer> {
  const entries = JSON.parse(bytes.toString('utf8')) as unknown[];
  const more = listed.map(({ path, size, type }) => ({
    type: type ?? 'file',
    oid: 'c'.repeat(40),
    size: size ?? 5,
    path,
  }));
  return Buffer.from(JSON.stringify([...more, ...entries]));
}

/** A byte now and then, so that a connection never falls silent. */
function trickle(response: ServerResponse, bytes: Buffer, bytesPerSecond: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (response.destroyed || sent >= bytes.length) {
      clearInterval(timer);
      response.end();
      return;
    }
    response.write(bytes.subarray(sent, sent + Math.ceil(bytesPerSecond / 4)));
    sent += Math.ceil(bytesPerSecond / 4);
  }, 250);
  response.on('close', () => clearInterval(timer));
}

function filesOf(folder: string): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (statSync(join(folder, name)).isFile()) files[name] = readFileSync(join(folder, name));
  }
  return files;
}
