import { type Command, Option } from 'commander';
import { loadEngine } from '../engine/engine.js';
import type { Variant } from '../engine/tensorflow/engine-plan.js';
import { findEngine } from '../engine/tensorflow/installed-engine.js';
import { bringEngine } from '../engine/tensorflow/provision.js';
import { PanxError } from '../errors.js';
import { formatSeconds, notice } from '../system/console.js';

/** `panx setup`: bring the TensorFlow engine, or say in milliseconds that it is there. */
export function define(command: Command): void {
  command
    .addOption(
      new Option('--device <device>', 'which build of TensorFlow: cuda for an NVIDIA GPU')
        .choices(['auto', 'cpu', 'cuda'])
        .default('auto'),
    )
    .option('--force', 'bring and compile again what is there', false)
    .addHelpText('after', environmentHelp)
    .action(async (options: { device: 'auto' | Variant; force: boolean }) => {
      refuseUnusedDevice(options.device);
      const startedMs = Date.now();
      const before = await findEngine();
      const engine = await bringEngine(options);
      if ('engine' in before && before.engine.addon === engine.addon && !options.force) {
        notice(`The TensorFlow engine is set up (${engine.addon}).`);
        return;
      }
      const { version, device } = await loadEngine('tensorflow');
      const seconds = (Date.now() - startedMs) / 1000;
      notice(
        `The TensorFlow engine is ready: TensorFlow ${version} on ${device}, set up in ${formatSeconds(seconds)}.`,
      );
    });
}

/** @throws PanxError where a build is asked for, and another's libraries are named, exit code 2 */
function refuseUnusedDevice(device: 'auto' | Variant): void {
  const external = process.env.PANX_LIBTENSORFLOW;
  if (!external || device === 'auto') return;
  throw new PanxError(
    `--device is ${device}, and PANX_LIBTENSORFLOW is ${external}, whose build is taken as it is; expected one of them.`,
    { hint: 'Leave --device out, or unset PANX_LIBTENSORFLOW.', exitCode: 2 },
  );
}

const environmentHelp = `
Environment:
  PANX_CACHE            where the engine is kept (default ~/.cache/panx)
  PANX_LIBTENSORFLOW    folder of an installed libtensorflow to use instead of bringing one
  PANX_OPERATIONS=plain leave panx's own compiled operations out
  PANX_CPU_WITHOUT=avx512_bf16,...
                        do without these instruction sets of the CPU
  PANX_NATIVE_LOG=1     leave TensorFlow's own log messages on
`;
