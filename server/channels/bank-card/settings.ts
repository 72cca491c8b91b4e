import type { ChannelAccount, ChannelField } from '../channel.ts';
import { readCertificate, readPrivateKey } from '../shared/certificates.ts';
import { keyBytes, keyCheckValue } from './mac.ts';

/** An account's settings, checked and with defaults. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Field 41, eight characters. */
  readonly terminalId: string;
  /** Field 42, fifteen characters. */
  readonly merchantId: string;
  readonly tpdu: string;
  readonly header: string;
  /** Field 63 of a sign-in. */
  readonly operator: string;
  readonly usesTls: boolean;
  readonly authority?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Terminal master key, 16 bytes. */
  readonly masterKey: Buffer;
  /** Where the day's file is, without a slash at the end; absent when the acquirer gives none. */
  readonly fileUrl?: string;
  readonly fileKey?: Buffer;
}

const secretKeys: readonly string[] = ['terminal-master', 'file-hmac', 'client-private'];

/** The fields of the office's form. */
export const settingsFields: readonly ChannelField[] = [
  field('host', 'config', false, '主机地址', 'Host address'),
  field('port', 'config', false, '端口', 'Port'),
  field('terminalId', 'config', false, '终端号（41 域，8 位）', 'Terminal number (field 41, 8 characters)'),
  field('tls', 'config', true, 'TLS（on 或 off）', 'TLS (on or off)'),
  field('tpdu', 'config', true, 'TPDU（10 位数字）', 'TPDU (10 digits)'),
  field('header', 'config', true, '报文头（12 位数字）', 'Message header (12 digits)'),
  field('operator', 'config', true, '操作员号（3 位）', 'Operator number (3 characters)'),
  field('fileUrl', 'config', true, '对账文件地址', 'Address of the settlement files'),
  field(
    'terminal-master',
    'key',
    false,
    '终端主密钥（32 位十六进制，编号为校验值）',
    'Terminal master key (32 hex digits; its id is the check value)',
  ),
  field('file-hmac', 'key', true, '对账文件密钥（64 位十六进制）', 'Key of the settlement files (64 hex digits)'),
  field('acquirer-ca', 'key', true, '收单机构 TLS 根证书', 'Acquirer’s TLS authority'),
  field('client-certificate', 'key', true, '客户端证书', 'Client certificate'),
  field('client-private', 'key', true, '客户端私钥', 'Client private key'),
];

function field(name: string, place: 'config' | 'key', isOptional: boolean, zh: string, en: string): ChannelField {
  return { name, in: place, isSecret: secretKeys.includes(name), isOptional, label: { zh, en } };
}

/** Reads an account's settings. @returns the settings, or the name of the first field at fault. */
export function readSettings(account: ChannelAccount): Settings | string {
  const { config } = account;
  const faulty = checks.find(([name, isRight]) => !isRight(config[name] ?? ''));
  if (faulty !== undefined) return faulty[0];
  if (!/^[\x21-\x7e]{15}$/.test(account.platformMerchantId)) return 'platformMerchantId';
  const keys = readKeys(account);
  if (typeof keys === 'string') return keys;
  const fileUrl = config['fileUrl'];
  if ((fileUrl === undefined) !== (keys.fileKey === undefined)) return fileUrl === undefined ? 'fileUrl' : 'file-hmac';
  return {
    host: config['host'] ?? '',
    port: Number(config['port']),
    terminalId: config['terminalId'] ?? '',
    merchantId: account.platformMerchantId,
    tpdu: config['tpdu'] ?? '6000000000',
    header: config['header'] ?? '602200000000',
    operator: config['operator'] ?? '001',
    usesTls: config['tls'] === 'on',
    ...keys,
    ...(fileUrl === undefined ? {} : { fileUrl: fileUrl.replace(/\/+$/, '') }),
  };
}

const checks: readonly (readonly [string, (value: string) => boolean])[] = [
  ['host', (value) => /^[A-Za-z0-9.:-]{1,253}$/.test(value)],
  ['port', (value) => /^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535],
  ['terminalId', (value) => /^[\x21-\x7e]{8}$/.test(value)],
  ['tls', (value) => /^(on|off|)$/.test(value)],
  ['tpdu', (value) => /^(\d{10})?$/.test(value)],
  ['header', (value) => /^(\d{12})?$/.test(value)],
  ['operator', (value) => /^([\x21-\x7e]{3})?$/.test(value)],
  ['fileUrl', (value) => value === '' || isFileUrl(value)],
];

/** Files travel over HTTPS; plain HTTP only on this machine. */
function isFileUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(127\.0\.0\.1|localhost)$/.test(url.hostname));
}

type Keys = Pick<Settings, 'masterKey' | 'fileKey' | 'authority' | 'certificate' | 'privateKey'>;

function readKeys(account: ChannelAccount): Keys | string {
  const newest = (purpose: string) => account.keys.find((key) => key.purpose === purpose);
  const master = newest('terminal-master');
  if (master === undefined || !isHex(master.material, keyBytes)) return 'terminal-master';
  const masterKey = Buffer.from(master.material, 'hex');
  if (keyCheckValue(masterKey) !== master.keyId.toUpperCase()) return 'terminal-master';
  const file = newest('file-hmac')?.material;
  if (file !== undefined && !isHex(file, 32)) return 'file-hmac';
  const authority = newest('acquirer-ca')?.material;
  if (authority !== undefined && readCertificate(authority) === undefined) return 'acquirer-ca';
  const certificate = newest('client-certificate')?.material;
  if (certificate !== undefined && readCertificate(certificate) === undefined) return 'client-certificate';
  const privateKey = newest('client-private')?.material;
  if ((privateKey === undefined) !== (certificate === undefined)) return 'client-private';
  if (privateKey !== undefined && readPrivateKey(privateKey) === undefined) return 'client-private';
  return {
    masterKey,
    ...(file === undefined ? {} : { fileKey: Buffer.from(file, 'hex') }),
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(privateKey === undefined ? {} : { privateKey }),
  };
}

function isHex(text: string, bytes: number): boolean {
  return text.length === bytes * 2 && /^[0-9a-fA-F]+$/.test(text);
}
