import { resolve } from 'node:path';
import { nearest, PanxError } from '../../errors.js';
import type { AnalysedRows } from '../../experiment/analyse-subject.js';
import { type AnalysisPlotName, analysisPlot, analysisPlotNames } from '../../reporting/analysis-plots.js';
import { type PictureFormat, pictureFile, pictureFormat, pictureKind } from '../../reporting/picture-file.js';
import { refuseInsideMade } from '../../run/mark.js';
import { notice } from '../../system/console.js';
import { writeFileAtomic } from '../../system/files.js';
import { removeAbandonedNeighbours } from '../../system/made.js';
import { placeOfFile } from '../../system/place.js';
import { refuseInsideLanguage } from '../out-folder.js';

/** A picture that was asked for with --plot NAME=FILE. */
export interface AskedPlot {
  name: AnalysisPlotName;
  path: string;
  format: PictureFormat;
}

/** @throws PanxError for what is no plot or no picture's file, and where something else lies there, exit code 2 */
export async function plotsAsked(typed: readonly string[]): Promise<AskedPlot[]> {
  const plots = typed.map(parsePlot);
  for (const [i, { path }] of plots.entries()) {
    if (plots.findIndex(one => resolve(one.path) === resolve(path)) !== i) {
      throw new PanxError(`--plot has ${path} twice; expected a file for each plot.`, { exitCode: 2 });
    }
    await refuseInsideMade(path, '--plot');
    await refuseInsideLanguage(path, '--plot');
    await placeOfFile('--plot', path, pictureKind);
  }
  return plots;
}

function parsePlot(typed: string): AskedPlot {
  const [word, path] = [typed.slice(0, Math.max(0, typed.indexOf('='))), typed.slice(typed.indexOf('=') + 1)];
  const name = analysisPlotNames.find(one => one === word);
  if (name === undefined || path === '') {
    const suggestion = nearest(word, analysisPlotNames);
    const meant = suggestion === undefined ? '' : `; did you mean ${suggestion}=${path}?`;
    throw new PanxError(
      `--plot is "${typed}"; expected NAME=FILE, such as confusion=tr.svg${meant === '' ? '.' : meant}`,
      {
        hint: `The plots are ${analysisPlotNames.join(', ')}.`,
        exitCode: 2,
      },
    );
  }
  const format = pictureFormat(path);
  if (format !== undefined) return { name, path, format };
  throw new PanxError(`--plot ${name} goes into ${path}; expected a name that ends with .svg or .png.`, {
    exitCode: 2,
  });
}

/** @throws PanxError where several row sets or seeds were analysed, of which a picture could show one, exit code 2 */
export function refuseSeveral(plots: readonly AskedPlot[], analysed: readonly AnalysedRows[]): void {
  if (plots.length === 0 || analysed.length === 1) return;
  throw new PanxError(`--plot shows one row set by one training, and ${analysed.length} are analysed; expected one.`, {
    hint: 'Name the language with --lang, and one of the seeds.',
    exitCode: 2,
  });
}

/** Draw the pictures and write them. @throws PanxError where one cannot be written */
export async function writePlots(plots: readonly AskedPlot[], analysed: AnalysedRows): Promise<void> {
  for (const { name, path, format } of plots) {
    const content = await pictureFile(await analysisPlot(name, analysed), format);
    const place = await placeOfFile('--plot', path, pictureKind); // Something may have come there meanwhile.
    await removeAbandonedNeighbours(place, 'file');
    await writeFileAtomic(place, content);
    notice(`${name} plot: ${path}`);
  }
}
