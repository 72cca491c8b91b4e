/** Puts a text into the clipboard; false where the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** What became of handing a picture over. `show`: the reader keeps it by a long press. */
export type HandedOver = 'shared' | 'saved' | 'show' | 'cancelled' | 'copied' | 'failed';

/** WebViews of wallets ignore downloads; there the picture is shown, to be kept by a long press. */
function keepsByPress(userAgent: string): boolean {
  return /MicroMessenger|AlipayClient|iPhone|iPad/i.test(userAgent);
}

/** Saves a picture into the phone's downloads, or says that it must be shown. */
export function savePicture(picture: Blob, name: string, userAgent: string = navigator.userAgent): HandedOver {
  if (keepsByPress(userAgent)) return 'show';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(picture);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
  return 'saved';
}

/** Hands picture and text to another app; where the browser cannot, the text goes to the clipboard. */
export async function share(picture: Blob | undefined, name: string, text: string): Promise<HandedOver> {
  const files = picture === undefined ? [] : [new File([picture], name, { type: picture.type })];
  const data: ShareData = files.length > 0 ? { files, text } : { text };
  if (typeof navigator.canShare === 'function' && navigator.canShare(data)) {
    try {
      await navigator.share(data);
      return 'shared';
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'AbortError') return 'cancelled';
    }
  }
  return (await copyText(text)) ? 'copied' : 'failed';
}
