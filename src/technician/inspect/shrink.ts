/** Longest side of a stored photo, in pixels. */
export const photoSideMaxPx = 1600;
/** Largest photo that is sent, in bytes; the server takes up to 512 KiB. */
export const photoBytesMax = 400_000;

/** JPEG qualities that are tried, then smaller sides. */
const attempts = [
  [1, 0.85],
  [1, 0.7],
  [1, 0.5],
  [0.7, 0.7],
  [0.5, 0.6],
  [0.35, 0.5],
] as const;

/** The size in which a picture of `width` × `height` fits into `sideMax`. */
export function fittedSize(width: number, height: number, sideMax: number): { width: number; height: number } {
  const scale = Math.min(1, sideMax / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A JPEG of at most 1,600 px and 400 kB made from `picture`, without its metadata; undefined when it cannot be read. */
export async function shrinkPhoto(picture: Blob): Promise<Blob | undefined> {
  const bitmap = await createImageBitmap(picture, { imageOrientation: 'from-image' }).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  try {
    for (const [share, quality] of attempts) {
      const { width, height } = fittedSize(bitmap.width, bitmap.height, Math.round(photoSideMaxPx * share));
      const jpeg = await drawJpeg(bitmap, width, height, quality);
      if (jpeg !== undefined && jpeg.size <= photoBytesMax) return jpeg;
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}

function drawJpeg(bitmap: ImageBitmap, width: number, height: number, quality: number): Promise<Blob | undefined> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/jpeg', quality));
}
