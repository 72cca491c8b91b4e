import { describe, expect, test } from 'vitest';
import { terminalOf } from '../../../mock-server/platforms/bank-card/host.ts';
import { bankCard } from '../../../server/channels/bank-card/channel.ts';
import type { ChannelAccount } from '../../../server/channels/channel.ts';
import { keyCheckValue } from '../../../server/channels/bank-card/mac.ts';

const { terminalId, merchantId, masterKey, fileKey } = terminalOf('settings');
const account: ChannelAccount = {
  id: 'a',
  platformMerchantId: merchantId,
  config: { host: 'host.example', port: '8583', terminalId, fileUrl: 'https://files.example/days' },
  keys: [
    { purpose: 'terminal-master', keyId: keyCheckValue(masterKey), material: masterKey.toString('hex') },
    { purpose: 'file-hmac', keyId: '1', material: fileKey.toString('hex') },
  ],
};
const [master, file] = account.keys;
if (master === undefined || file === undefined) throw new Error('keys');

describe('settings of a bank-card account', () => {
  test('a whole account has no fault, also without the file service', () => {
    expect(bankCard.checkConfig(account)).toBeUndefined();
    const { fileUrl: _fileUrl, ...config } = account.config;
    expect(bankCard.checkConfig({ ...account, config, keys: [master] })).toBeUndefined();
  });

  test.each<[string, Partial<ChannelAccount>]>([
    ['host', { config: { ...account.config, host: 'a b' } }],
    ['port', { config: { ...account.config, port: '70000' } }],
    ['terminalId', { config: { ...account.config, terminalId: '1234567' } }],
    ['tls', { config: { ...account.config, tls: 'yes' } }],
    ['tpdu', { config: { ...account.config, tpdu: '60' } }],
    ['header', { config: { ...account.config, header: 'abc' } }],
    ['operator', { config: { ...account.config, operator: '12' } }],
    ['fileUrl', { config: { ...account.config, fileUrl: 'http://files.example' } }],
    ['platformMerchantId', { platformMerchantId: '1' }],
    ['terminal-master', { keys: [file] }],
    ['terminal-master', { keys: [{ ...master, keyId: '00000000' }, file] }],
    ['terminal-master', { keys: [{ ...master, material: 'no' }, file] }],
    ['file-hmac', { keys: [master] }],
    ['file-hmac', { keys: [master, { ...file, material: '00' }] }],
    ['acquirer-ca', { keys: [...account.keys, { purpose: 'acquirer-ca', keyId: '1', material: 'PEM' }] }],
    ['client-certificate', { keys: [...account.keys, { purpose: 'client-certificate', keyId: '1', material: 'PEM' }] }],
    ['client-private', { keys: [...account.keys, { purpose: 'client-private', keyId: '1', material: 'PEM' }] }],
  ])('%s', (name, change) => {
    expect(bankCard.checkConfig({ ...account, ...change })).toBe(name);
  });
});
