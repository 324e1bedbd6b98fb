import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  type GraphNode,
  type GraphOptions,
  type GraphOutcome,
  runGraph,
  StoppedBefore,
} from '../../src/experiment/graph.js';

/** Nodes written as "b<a" (b starts from a), with "!" behind those that are done. */
function nodesOf(text: string): GraphNode[] {
  return text.split(' ').map(word => {
    const [id = '', startsFrom] = word.replace('!', '').split('<');
    return { id, startsFrom: startsFrom ?? null, done: word.endsWith('!') };
  });
}

interface Told {
  outcome: GraphOutcome | null;
  /** What happened, in order. */
  log: string[];
  /** How many were at work at once, at most. */
  most: number;
}

type Work = (id: string, wait: boolean) => Promise<'done' | 'busy'> | 'done' | 'busy';

async function run(text: string, work: Work, options: Partial<GraphOptions> = {}): Promise<Told> {
  const told: Told = { outcome: null, log: [], most: 0 };
  let working = 0;
  told.outcome = await runGraph(
    nodesOf(text),
    { jobs: 1, failFast: false, ...options },
    {
      async work(id, wait) {
        told.log.push(wait ? `${id} waits` : id);
        told.most = Math.max(told.most, ++working);
        try {
          return await work(id, wait);
        } finally {
          working--;
        }
      },
      onDone: async id => void told.log.push(`${id} done`),
      onFailed: async (id, error) => void told.log.push(`${id} failed: ${(error as Error).message}`),
      onNotRun: (id, because) => told.log.push(`${id} not run: ${because}`),
    },
  );
  return told;
}

const failIn =
  (...ids: string[]): Work =>
  id => {
    if (ids.includes(id)) throw new Error('full disk');
    return 'done';
  };

it('works in order, each after the one that it starts from, and not on what is done', async () => {
  const { log, outcome } = await run('a! b c<a d<c', () => 'done');
  expect(log).toEqual(['b', 'b done', 'c', 'c done', 'd', 'd done']);
  expect(outcome).toEqual({ failed: [], notRun: [] });
});

it('after a failure works on all that does not start from it', async () => {
  const { log, outcome } = await run('a b<a c<b d e<d', failIn('a'));
  expect(log).toEqual([
    'a',
    'a failed: full disk',
    'b not run: a, which it starts from, has not been trained',
    'c not run: b, which it starts from, has not been trained',
    ...['d', 'd done', 'e', 'e done'],
  ]);
  expect(outcome).toEqual({ failed: ['a'], notRun: ['b', 'c'] });
});

it('under failFast begins no other after a failure', async () => {
  const { log, outcome } = await run('a b<a c d', failIn('c'), { failFast: true });
  expect(log).toEqual(['a', 'a done', 'b', 'b done', 'c', 'c failed: full disk', 'd not run: c has failed']);
  expect(outcome).toEqual({ failed: ['c'], notRun: ['d'] });
});

it('works on several at once, but never on one before that which it starts from', async () => {
  const work = async (id: string): Promise<'done'> => {
    await sleep(id === 'a' ? 30 : 10);
    return 'done';
  };
  const { log, most } = await run('a b<a c d e', work, { jobs: 2 });
  expect(most).toBe(2);
  expect(log.indexOf('b')).toBeGreaterThan(log.indexOf('a done'));
  expect(log.slice(0, 3)).toEqual(['a', 'c', 'c done']);
  expect((await run('a b<a c<b', work, { jobs: 3 })).most).toBe(1);
});

it('puts aside what somebody else works on, and waits for it when there is nothing else to do', async () => {
  const { log } = await run('a b<a c', (id, wait) => (id === 'a' && !wait ? 'busy' : 'done'));
  expect(log).toEqual(['a', 'c', 'c done', 'a', 'a waits', 'a done', 'b', 'b done']);
});

it('stopped while stages are worked on, waits for them to end and tells why they did', async () => {
  const controller = new AbortController();
  const ended: string[] = [];
  const work: Work = async id => {
    await sleep(id === 'a' ? 5 : 20);
    controller.abort();
    ended.push(id);
    throw new Error(`${id} saved its state`);
  };
  await expect(run('a b c', work, { jobs: 2, signal: controller.signal })).rejects.toThrow('a saved its state');
  expect(ended.sort()).toEqual(['a', 'b']);
});

it('stopped between two stages, names the one that was not begun; with none left, it is done', async () => {
  const abortIn = (last: string) => {
    const controller = new AbortController();
    const work: Work = id => {
      if (id === last) controller.abort();
      return 'done';
    };
    return { work, signal: controller.signal };
  };
  const early = abortIn('a');
  await expect(run('a b', early.work, early)).rejects.toMatchObject({ id: 'b', constructor: StoppedBefore });
  const late = abortIn('b');
  expect((await run('a b', late.work, late)).outcome).toEqual({ failed: [], notRun: [] });
});
