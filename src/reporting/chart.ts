import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';
import { displayWidth } from '../system/display-width.js';

echarts.use([LineChart, CustomChart, GridComponent, LegendComponent, TitleComponent, LabelLayout, SVGRenderer]);

/** Size of a picture, in px of the SVG. The PNG has twice as many pixels each way. */
export const width = 960;
export const height = 560;
const pixelRatio = 2;

/** A picture as SVG. The same option gives the same bytes, on any machine. @param px its height, where it needs another */
export function chartSvg(option: echarts.EChartsCoreOption, px = height): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height: px });
  try {
    chart.setOption(option);
    // zrender counts charts and hover styles through the life of the process: their numbers would change the bytes.
    return chart
      .renderToSVGString()
      .replace(/<style[\s\S]*<\/style>\n?/, '')
      .replaceAll(/ (class|ecmeta_\w+)="[^"]*"/g, '')
      .replaceAll(/\bzr\d+-/g, 'zr-');
  } finally {
    chart.dispose();
  }
}

/** The same picture as PNG, drawn with the packaged DejaVu Sans and never with a font of the system. */
export function renderPng(svg: string): Buffer {
  const font = (name: string): string => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: pixelRatio },
    font: {
      loadSystemFonts: false,
      fontFiles: [font('DejaVuSans'), font('DejaVuSans-Bold')],
      defaultFontFamily: 'DejaVu Sans',
    },
  });
  return picture.render().asPng();
}

export const fontFamily = "'DejaVu Sans', Verdana, sans-serif";
export const ink = '#222222';
export const faint = '#6b6b6b';
// Okabe and Ito's palette: told apart with every kind of colour vision, and by their markers without colour.
export const palette = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#e69f00',
  '#7a7a7a',
  '#222222',
] as const;

/** A title with what the picture shows below it, the same on every picture. */
export function titleOption(text: string, lines: readonly string[]): object {
  return {
    text,
    subtext: lines.join('\n'),
    left: 24,
    top: 18,
    itemGap: 9,
    textStyle: { fontFamily, fontSize: 21, fontWeight: 'bold', color: ink },
    subtextStyle: { fontFamily, fontSize: 13, lineHeight: 19, color: faint },
  };
}

/** More lines could not be told apart. */
export const mostLines = 12;

/**
 * A legend for many or long names: each at a place of its own, since echarts takes DejaVu Sans to be narrower than it is and would let them
 * overlap.
 *
 * @param entries the name of each series, and what stands for it
 * @returns legends of one entry each, and where they end, in px from the top
 */
export function wideLegend(
  entries: readonly { name: string; text: string; icon?: string | undefined }[],
  top: number,
): { legend: object[]; bottom: number } {
  const [from, to, rowHeight, symbolWidth, gap] = [70, width - 24, 24, 34, 26];
  let [x, y] = [from, top];
  const legend = entries.map(({ name, text, icon }) => {
    const needed = symbolWidth + 8 + 7.1 * displayWidth(text);
    if (x > from && x + needed > to) [x, y] = [from, y + rowHeight];
    const place = { left: x, top: y };
    x += needed + gap;
    return {
      ...{ data: [icon === undefined ? { name } : { name, icon }], formatter: () => text, ...place },
      ...{ itemWidth: symbolWidth, itemHeight: 9, padding: 5, textStyle: { fontFamily, fontSize: 13, color: ink } },
    };
  });
  return { legend, bottom: y + rowHeight };
}

/** The axis of scores: a little more than they span, in round steps, within 0 and 1. */
export function scoreRange(scores: readonly (number | null)[]): { min: number; max: number; interval: number } {
  const known = scores.filter(score => score !== null);
  if (known.length === 0) return { min: 0, max: 1, interval: 0.2 };
  const [lowest, highest] = [Math.min(...known), Math.max(...known)];
  const interval = [0.01, 0.02, 0.05, 0.1].find(step => (highest - lowest) / step <= 6) ?? 0.2;
  const round = (value: number): number => Number((value * interval).toFixed(2));
  const min = Math.max(0, round(Math.floor(lowest / interval - 0.2)));
  const max = Math.min(1, round(Math.ceil(highest / interval + 0.2)));
  return { min, max, interval };
}
