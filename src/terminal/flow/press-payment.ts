import type { Key } from './keys.ts';
import type { Facts, Intent } from './press.ts';
import type { ScreenOf } from './screens.ts';
import { isFinal } from './stage.ts';
import type { Stage } from './stage.ts';

/** `amountFen` 0 in an offer stands for what the order still owes. */
const change: Intent = { do: 'offer', amountFen: 0, why: 'change' };

type PaymentScreen = ScreenOf<'payment'> | ScreenOf<'ask-cancel'> | ScreenOf<'receipt'>;

/** What a key does while a payment is in hand, and on its receipt. An end that gives a paid part back is asked for twice. */
export function pressOnPayment(screen: PaymentScreen, key: Key, facts: Facts): Intent | undefined {
  if (screen.at === 'receipt') return onReceipt(key);
  if (screen.at === 'ask-cancel') return onAskCancel(key, facts);
  const intent = onPayment(key, facts);
  return intent?.do === 'cancel' && facts.paidFen > 0 ? { do: 'show', screen: { at: 'ask-cancel' } } : intent;
}

function onAskCancel(key: Key, { stage }: Facts): Intent | undefined {
  if (key !== 'confirm' && key !== 'cancel') return undefined;
  const isOver = stage === undefined || isFinal(stage);
  return key === 'confirm' && !isOver ? { do: 'cancel' } : { do: 'show', screen: { at: 'payment' } };
}

function onPayment(key: Key, facts: Facts): Intent | undefined {
  if (facts.card === 'reading') return key === 'cancel' ? { do: 'cancel-card' } : undefined;
  if (facts.card === 'failed') return onNoCard(key);
  return facts.stage && onStage(facts.stage, key);
}

/** No card was read: nothing was charged, and it can be tried again. */
function onNoCard(key: Key): Intent | undefined {
  if (key === 'confirm') return { do: 'again' };
  if (key === '1') return change;
  return key === 'cancel' ? { do: 'cancel' } : undefined;
}

function onReceipt(key: Key): Intent | undefined {
  if (key === 'confirm') return { do: 'next-copy' };
  if (key === '1') return { do: 'print-again' };
  return key === 'cancel' ? { do: 'done' } : undefined;
}

function onStage(stage: Stage, key: Key): Intent | undefined {
  switch (stage.at) {
    case 'qr':
    case 'qr-over':
    case 'checking':
    case 'payer':
      return onWaiting(stage, key);
    case 'sending':
    case 'asking':
      return key === 'cancel' ? { do: 'cancel' } : undefined;
    case 'open':
    case 'failed':
    case 'closed':
      if (key === 'confirm') return change;
      return key === 'cancel' ? { do: 'cancel' } : undefined;
    case 'part':
      if (key === 'confirm') return { do: 'offer', amountFen: 0, why: 'rest' };
      return key === 'cancel' ? { do: 'cancel' } : undefined;
    case 'paid':
    case 'refunded':
      return key === 'confirm' ? { do: 'receipt' } : undefined;
    case 'cancelled':
    case 'review':
      return key === 'confirm' || key === 'cancel' ? { do: 'done' } : undefined;
    case 'bank':
    case 'switching':
    case 'ending':
      return undefined;
  }
}

/** The customer's turn: another way, another code, or the end. */
function onWaiting(stage: Stage, key: Key): Intent | undefined {
  if (key === 'cancel') return { do: 'cancel' };
  if (key === '1' && stage.at !== 'payer') return change;
  if (key === 'function' && stage.at === 'qr')
    return { do: 'show', screen: { at: 'scan', amountFen: 0, text: '', back: { at: 'payment' } } };
  return undefined;
}
