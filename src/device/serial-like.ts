/** The part of `SerialPort` that is used; own types, so that everything runs in Node against a fake. */
export interface PortLike extends EventTarget {
  readonly readable: ReadableStream<Uint8Array> | null;
  readonly writable: WritableStream<Uint8Array> | null;
  /** Absent before Chrome 130. */
  readonly connected?: boolean;
  getInfo(): { readonly usbVendorId?: number | undefined; readonly usbProductId?: number | undefined };
  open(options: { readonly baudRate: number; readonly bufferSize?: number }): Promise<void>;
  close(): Promise<void>;
}

/** The part of `navigator.serial` that is used. */
export interface SerialLike extends EventTarget {
  requestPort(options?: { readonly filters?: { usbVendorId: number; usbProductId?: number }[] }): Promise<PortLike>;
  getPorts(): Promise<PortLike[]>;
}

/** Vendor and product id: all that Web Serial says about a port before it is opened. */
export interface PortIdentity {
  readonly vendorId: number;
  readonly productId: number;
}

/** The identity of `port`; a port that is not USB has 0 and 0. */
export function identityOf(port: PortLike): PortIdentity {
  const { usbVendorId = 0, usbProductId = 0 } = port.getInfo();
  return { vendorId: usbVendorId, productId: usbProductId };
}

/** True when `port` is of the kind `identity`, which is the most that can be known before hello. */
export function isSameKind(port: PortLike, identity: PortIdentity): boolean {
  const { vendorId, productId } = identityOf(port);
  return vendorId === identity.vendorId && productId === identity.productId;
}

/** `vvvv:pppp` in hexadecimal, for names and logs. */
export function identityText({ vendorId, productId }: PortIdentity): string {
  return `${hex4(vendorId)}:${hex4(productId)}`;
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}
