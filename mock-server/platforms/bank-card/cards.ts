/**
 * The simulated issuer's cards, as plastic: numbers from no real issuer's accounts, made for this simulator. The device's
 * panel reads the same list. What stands behind each card (balance, limits, state) is in `issuer.ts`.
 */
export interface SimulatedCard {
  /** `[a-z0-9-]`. */
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  readonly pan: string;
  /** `yyMM`. */
  readonly expiry: string;
  /** Three digits; the first one 2 or 6 means that the card has a chip. */
  readonly serviceCode: string;
  /** Two digits. */
  readonly sequence: string;
  /** What its holder types. */
  readonly pin: string;
  readonly hasChip: boolean;
  readonly hasContactless: boolean;
  readonly stripe: 'good' | 'damaged';
  /** AES key of the chip, hex: makes its cryptograms. Empty without a chip. */
  readonly chipKey: string;
}

type Facts = Pick<SimulatedCard, 'id' | 'name' | 'pan'> & Partial<SimulatedCard>;

/** A card with chip, contactless and a good stripe, unless `facts` say otherwise. */
function chipCard(facts: Facts): SimulatedCard {
  return {
    expiry: '3012',
    serviceCode: '201',
    sequence: '01',
    pin: '246810',
    hasChip: true,
    hasContactless: true,
    stripe: 'good',
    chipKey: '00112233445566778899aabbccddeeff',
    ...facts,
  };
}

function stripeCard(facts: Facts): SimulatedCard {
  const plain = { hasChip: false, hasContactless: false, chipKey: '', sequence: '00', serviceCode: '101' } as const;
  return chipCard({ ...plain, expiry: '2909', pin: '135790', ...facts });
}

/** Every simulated card; the first one pays. */
export const simulatedCards: readonly SimulatedCard[] = [
  chipCard({ id: 'debit', name: { zh: '借记卡', en: 'Debit card' }, pan: '6217000000000000426' }),
  stripeCard({ id: 'stripe', name: { zh: '磁条卡', en: 'Magnetic stripe card' }, pan: '6225880100000026' }),
  stripeCard({
    id: 'worn',
    name: { zh: '磨损的磁条卡', en: 'Worn stripe card' },
    pan: '6225880100000018',
    stripe: 'damaged',
  }),
  chipCard({
    id: 'credit',
    name: { zh: '信用卡（单笔限额 500 元）', en: 'Credit card (500.00 a payment)' },
    pan: '6258000000000014',
    pin: '112233',
    chipKey: '102132435465768798a9bacbdcedfe0f',
  }),
  chipCard({
    id: 'poor',
    name: { zh: '余额 10 元的卡', en: 'Card with 10.00 left' },
    pan: '6217000000000000053',
    pin: '223344',
  }),
  chipCard({
    id: 'expired',
    name: { zh: '过期的卡', en: 'Expired card' },
    pan: '6217000000000000061',
    expiry: '2112',
    pin: '334455',
  }),
  chipCard({ id: 'lost', name: { zh: '已挂失的卡', en: 'Card reported lost' }, pan: '6217000000000000079' }),
  chipCard({
    id: 'silent',
    name: { zh: '发卡行不应答的卡', en: 'Card whose issuer does not answer' },
    pan: '6217000000000000087',
  }),
  chipCard({
    id: 'counted',
    name: { zh: '每日限 2 笔的卡', en: 'Card for two payments a day' },
    pan: '6258000000000022',
    pin: '445566',
  }),
  chipCard({
    id: 'stranger',
    name: { zh: '未知发卡行的卡', en: 'Card of an unknown issuer' },
    pan: '6212340000000001',
  }),
];
