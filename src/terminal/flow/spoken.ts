type Language = 'zh' | 'en';

/**
 * An amount as it is said: `156元6角8分`, `156 yuan and 68 fen`. Voices read `¥156.68` in many ways, some of them wrong;
 * a figure with its unit they all read right.
 */
export function spokenYuan(fen: number, language: Language): string {
  const whole = Math.abs(fen);
  const yuan = Math.floor(whole / 100);
  const rest = whole % 100;
  if (language === 'zh') return `${fen < 0 ? '负' : ''}${chinese(yuan, Math.floor(rest / 10), rest % 10)}`;
  const parts = [yuan > 0 || rest === 0 ? `${yuan} yuan` : '', rest > 0 ? `${rest} fen` : ''];
  return `${fen < 0 ? 'minus ' : ''}${parts.filter((part) => part !== '').join(' and ')}`;
}

function chinese(yuan: number, jiao: number, cents: number): string {
  const small = `${jiao > 0 ? `${jiao}角` : ''}${cents > 0 ? `${jiao === 0 && yuan > 0 ? '零' : ''}${cents}分` : ''}`;
  return yuan > 0 || small === '' ? `${yuan}元${small}` : small;
}

const amounts = /(−?)¥([\d,]+)\.(\d\d)/g;

/** A text with its amounts as they are said. */
export function spokenText(text: string, language: Language): string {
  return text.replace(amounts, (_all, sign: string, yuan: string, rest: string) => {
    const fen = Number(yuan.replaceAll(',', '')) * 100 + Number(rest);
    return spokenYuan(sign === '' ? fen : -fen, language);
  });
}

/** Digits one by one, with a pause between them: a number to compare, never an amount. */
export function digitByDigit(digits: string, language: Language): string {
  return [...digits].join(language === 'zh' ? '，' : ', ');
}
