import iconv from 'iconv-lite';
import { fromBuffer } from 'yauzl';

/** A file of an archive, its name as bytes. */
export interface UnzippedFile {
  readonly name: Buffer;
  readonly content: Buffer;
}

/** Unpacks a zip with yauzl: another reader than the writer of the stand-ins. */
export function unzip(bytes: Uint8Array): Promise<readonly UnzippedFile[]> {
  return new Promise((resolve, reject) => {
    fromBuffer(Buffer.from(bytes), { lazyEntries: true, decodeStrings: false }, (error, archive) => {
      if (error !== null) {
        reject(error);
        return;
      }
      const files: UnzippedFile[] = [];
      archive.on('error', reject);
      archive.on('end', () => {
        resolve(files);
      });
      archive.on('entry', (entry: { readonly fileName: unknown }) => {
        archive.openReadStream(entry as Parameters<typeof archive.openReadStream>[0], (fault, stream) => {
          if (fault !== null) {
            reject(fault);
            return;
          }
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => chunks.push(chunk));
          stream.on('end', () => {
            files.push({ name: entry.fileName as Buffer, content: Buffer.concat(chunks) });
            archive.readEntry();
          });
        });
      });
      archive.readEntry();
    });
  });
}

/** All files of an archive as one text, from GBK. */
export async function unzipGbk(bytes: Uint8Array): Promise<string> {
  return (await unzip(bytes)).map(({ content }) => iconv.decode(content, 'gbk')).join('\n');
}
