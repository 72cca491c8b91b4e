/** Longest side of what is looked at: more pixels cost time and do not help with our sizes of code. */
const sideMax = 1024;
/** A picture from a file may take longer than one of many frames. */
const fileTimeLimitMs = 800;
const fileSideMax = 2000;

/** Finds the text of a QR code in what is drawn on a canvas; undefined when there is none. */
export interface QrDecoder {
  /** Looks at one frame of a video, or at a picture. */
  read(source: CanvasImageSource, width: number, height: number, isFile?: boolean): string | undefined;
}

/** Fetches the decoder, which nobody needs before a camera opens. Rejects when it cannot be fetched. */
export async function loadDecoder(): Promise<QrDecoder> {
  const { decodeQR } = await import('qr/decode.js');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return {
    read(source, width, height, isFile = false) {
      if (context === null || width === 0 || height === 0) return undefined;
      const scale = Math.min(1, (isFile ? fileSideMax : sideMax) / Math.max(width, height));
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
      context.drawImage(source, 0, 0, canvas.width, canvas.height);
      try {
        const image = context.getImageData(0, 0, canvas.width, canvas.height);
        return decodeQR(image, isFile ? { effort: 4, timeLimit: fileTimeLimitMs } : {});
      } catch {
        // It throws where there is no code: the common case, frame after frame.
        return undefined;
      }
    },
  };
}
