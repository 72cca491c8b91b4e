import type { ReadableCard } from './cards.ts';

/** Cards that lie on the bench. Their numbers are test numbers; whoever accepts them is the acquirer's stand-in. */
export const benchCards: readonly ReadableCard[] = [
  {
    id: 'debit',
    name: { zh: '借记卡', en: 'Debit card' },
    pan: '6217000000000000426',
    expiry: '3012',
    serviceCode: '201',
    sequence: '01',
    pin: '246810',
    hasChip: true,
    hasContactless: true,
    stripe: 'good',
    chipKey: '00112233445566778899aabbccddeeff',
  },
  {
    id: 'stripe',
    name: { zh: '磁条卡', en: 'Magnetic stripe card' },
    pan: '6225880100000008',
    expiry: '2909',
    serviceCode: '101',
    sequence: '00',
    pin: '135790',
    hasChip: false,
    hasContactless: false,
    stripe: 'good',
    chipKey: '',
  },
  {
    id: 'worn',
    name: { zh: '磨损的磁条卡', en: 'Worn stripe card' },
    pan: '6225880100000016',
    expiry: '2909',
    serviceCode: '101',
    sequence: '00',
    pin: '135790',
    hasChip: false,
    hasContactless: false,
    stripe: 'damaged',
    chipKey: '',
  },
];
