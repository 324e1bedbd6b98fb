import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { type HubSettings, hubSettings } from '../../src/hub/settings.js';
import { type ServedRepo, type StandInHub, startHub } from './server.js';

/** Bytes that differ everywhere, so that a part at the wrong place is noticed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** A model as FacebookAI/xlm-roberta-base has it: with weights in formats that panx must leave alone. */
export function modelRepo(overrides: Partial<ServedRepo> = {}): ServedRepo {
  return {
    type: 'model',
    name: 'org/model',
    commit: 'a'.repeat(40),
    files: {
      '.gitattributes': Buffer.from('*.safetensors filter=lfs\n'),
      'README.md': Buffer.from('# A model\n'),
      'config.json': Buffer.from('{"model_type": "xlm-roberta"}\n'),
      'model.safetensors': bytesOf(300_000),
      'onnx/model.onnx': bytesOf(10),
      'pytorch_model.bin': bytesOf(50),
      'tokenizer.json': Buffer.from('{"model": {}}\n'),
      'tokenizer_config.json': Buffer.from('{}\n'),
    },
    ...overrides,
  };
}

/** A corpus in the layout of google/xtreme. */
export function dataRepo(overrides: Partial<ServedRepo> = {}): ServedRepo {
  const files: Record<string, Buffer> = {
    'README.md': Buffer.from('# Data\n'),
    'XNLI/test-00000-of-00001.parquet': bytesOf(9),
  };
  for (const [n, lang] of ['de', 'en', 'tr'].entries()) {
    for (const [m, split] of ['train', 'validation', 'test'].entries()) {
      files[`PAN-X.${lang}/${split}-00000-of-00001.parquet`] = bytesOf(1000 + 10 * m, n * 3 + m + 5);
    }
  }
  return { type: 'dataset', name: 'org/data', commit: 'b'.repeat(40), files, ...overrides };
}

/** A hub and an empty HF_HOME for each test, reached through the environment as a user would; torn down after it. */
export function useHub(repos: () => ServedRepo[] = () => [modelRepo(), dataRepo()]) {
  const state = {} as { hub: StandInHub; home: string; settings: HubSettings };
  beforeEach(async () => {
    state.hub = await startHub(repos());
    state.home = mkdtempSync(join(tmpdir(), 'panx-hub-'));
    for (const name of hubVariables) vi.stubEnv(name, undefined);
    vi.stubEnv('HF_HOME', state.home);
    vi.stubEnv('PANX_CACHE', join(state.home, 'panx'));
    vi.stubEnv('HF_ENDPOINT', `${state.hub.endpoint}/`);
    state.settings = { ...hubSettings(), retryDelayMs: 1, timeoutMs: 400 };
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await state.hub.close();
    rmSync(state.home, { recursive: true, force: true });
  });
  return state;
}

/** Paths of all files and links under a folder, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

const hubVariables = [
  'HF_TOKEN',
  'HUGGING_FACE_HUB_TOKEN',
  'HF_TOKEN_PATH',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
  'HF_HUB_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'HF_HUB_DOWNLOAD_TIMEOUT',
  'HTTPS_PROXY',
  'https_proxy',
];
