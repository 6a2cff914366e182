import { listItems } from './list-items.js';

/** JSON-RPC 2.0: what answers are found by. */
export type MessageId = string | number;

/** One JSON-RPC message: its text as it was sent, on one line, and what of it a bridge has to know. */
export interface Message {
  readonly kind: 'request' | 'notification' | 'response';
  readonly text: string;
  /** null: a notification, or an error about what could not be read. */
  readonly id: MessageId | null;
  /** null for a response. */
  readonly method: string | null;
  /** A response that says that something went wrong. */
  readonly isError: boolean;
  /** Of a request: under what its progress is told. Of a notification of progress: of which request it tells. */
  readonly progressToken: MessageId | null;
  /** Of a notification that cancels: which request. */
  readonly cancels: MessageId | null;
  /** The revision of MCP that the answer to `initialize` names. */
  readonly protocolVersion: string | null;
}

export interface Batch {
  readonly messages: readonly Message[];
  /** It was a list, as revision 2025-03-26 has them. */
  readonly isList: boolean;
  /** All of it on one line. */
  readonly text: string;
}

export interface MessageFault {
  readonly pointer: string;
  readonly detail: string;
}

type Members = Readonly<Record<string, unknown>>;

export const isRequest = ({ kind }: Message): boolean => kind === 'request';

/**
 * What a text says that is JSON. Texts are passed on as they are: written anew, large numbers would change.
 * @returns faults where it is no JSON-RPC message, with pointers into it
 * @throws SyntaxError when it is no JSON
 */
export function readMessages(json: string): Batch | { readonly faults: readonly MessageFault[] } {
  const value: unknown = JSON.parse(json);
  // Outside of texts, where it would be escaped, a line break is white space.
  const text = json.replace(/[\r\n]+/g, ' ');
  if (!Array.isArray(value)) {
    const read = messageOf(value, text, '');
    return 'faults' in read ? read : { messages: [read], isList: false, text };
  }
  const items: readonly unknown[] = value;
  if (items.length === 0) return { faults: [{ pointer: '', detail: 'must not be an empty list' }] };
  const texts = listItems(text);
  const read = items.map((item, index) => messageOf(item, texts[index] ?? '', `/${index}`));
  const faults = read.flatMap((one) => ('faults' in one ? one.faults : []));
  if (faults.length > 0) return { faults };
  return { messages: read.flatMap((one) => ('faults' in one ? [] : [one])), isList: true, text };
}

/** An answer of Muster's own, in the server's place. */
export const errorText = (id: MessageId, code: number, message: string, data: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } });

function messageOf(value: unknown, text: string, at: string): Message | { readonly faults: readonly MessageFault[] } {
  if (!isMembers(value)) return { faults: [{ pointer: at, detail: 'must be a JSON-RPC message: an object' }] };
  const faults: MessageFault[] = [];
  const { jsonrpc, method, id = null } = value;
  if (jsonrpc !== '2.0') faults.push({ pointer: `${at}/jsonrpc`, detail: 'must be "2.0"' });
  const hasMethod = 'method' in value;
  if (hasMethod && typeof method !== 'string') faults.push({ pointer: `${at}/method`, detail: 'must be a text' });
  const isAnswer = !hasMethod && ('result' in value || 'error' in value);
  if (!hasMethod && !isAnswer) faults.push({ pointer: at, detail: 'must have a method, a result or an error' });
  if (!isIdOrNull(id) || (id === null && 'id' in value && !isAnswer)) {
    faults.push({ pointer: `${at}/id`, detail: 'must be a text or a number' });
  }
  if (id === null && 'result' in value && !hasMethod) faults.push({ pointer: `${at}/id`, detail: 'is missing' });
  if (faults.length > 0 || !isIdOrNull(id)) return { faults };
  return isAnswer ? answerOf(value, id, text) : callOf(value, id, text);
}

const answerOf = (value: Members, id: MessageId | null, text: string): Message => ({
  kind: 'response',
  text,
  id,
  method: null,
  isError: 'error' in value,
  progressToken: null,
  cancels: null,
  protocolVersion: textAt(value['result'], 'protocolVersion'),
});

function callOf(value: Members, id: MessageId | null, text: string): Message {
  const method = String(value['method']);
  const { params } = value;
  const isProgress = method === 'notifications/progress';
  return {
    kind: id === null ? 'notification' : 'request',
    text,
    id,
    method,
    isError: false,
    progressToken: idAt(isProgress ? params : memberOf(params, '_meta'), 'progressToken'),
    cancels: method === 'notifications/cancelled' ? idAt(params, 'requestId') : null,
    protocolVersion: null,
  };
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIdOrNull = (value: unknown): value is MessageId | null =>
  value === null || typeof value === 'string' || typeof value === 'number';

const memberOf = (value: unknown, name: string): unknown => (isMembers(value) ? value[name] : undefined);

function idAt(value: unknown, name: string): MessageId | null {
  const member = memberOf(value, name) ?? null;
  return isIdOrNull(member) ? member : null;
}

function textAt(value: unknown, name: string): string | null {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : null;
}
