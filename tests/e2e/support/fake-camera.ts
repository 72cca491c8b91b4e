import { writeFile } from 'node:fs/promises';
import { encode } from 'uqr';

const width = 640;
const height = 480;
/** Copies of each picture in the film; at 10 frames a second a picture stands for a third of a second. */
const repeats = 3;
const paper = 225;
const ink = 28;
const wall = 150;

/** Switches with which Chromium takes the film at `path` for its camera; the film may be written until a page opens it. */
export function fakeCameraArgs(path: string): readonly string[] {
  return [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${path}`,
  ];
}

/** One frame in 4:2:0: the code on its paper before a wall, with the noise of a cheap sensor. */
function frameOf(text: string, frame: number): Buffer {
  const code = encode(text, { ecc: 'M', border: 4 });
  const scale = Math.floor((height - 20) / code.size);
  const left = Math.floor((width - code.size * scale) / 2);
  const top = Math.floor((height - code.size * scale) / 2);
  const luma = Buffer.alloc(width * height, wall);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = code.data[Math.floor((y - top) / scale)];
      const dark = row?.[Math.floor((x - left) / scale)];
      const value = dark === undefined ? wall : dark ? ink : paper;
      luma[y * width + x] = value + (((x * 31 + y * 17 + frame * 7) * 2_654_435_761) >>> 28) - 8;
    }
  }
  return Buffer.concat([luma, Buffer.alloc((width * height) / 2, 128)]);
}

/** Writes a film that shows the pictures in turn. Chromium plays it round and round. */
export async function writeFilm(path: string, pictures: readonly string[]): Promise<void> {
  const frames = pictures.flatMap((text) => Array.from({ length: repeats }, (_, i) => frameOf(text, i)));
  const parts = frames.flatMap((frame) => [Buffer.from('FRAME\n'), frame]);
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([head, ...parts]));
}
