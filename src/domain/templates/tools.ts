import { TOOLS_MAX_BYTES, TOOLS_MAX_COUNT } from './limits.js';

const TOOL_ID_MAX_LENGTH = 200;

/** The id of a tool: the text itself, or the only key of an object; null for what is no tool. */
export function toolId(tool: unknown): string | null {
  if (typeof tool === 'string') return usable(tool);
  if (typeof tool !== 'object' || tool === null || Array.isArray(tool)) return null;
  const [id, ...more] = Object.keys(tool);
  return id === undefined || more.length > 0 ? null : usable(id);
}

const usable = (id: string): string | null =>
  id.trim() === '' || id.length > TOOL_ID_MAX_LENGTH || /\p{Cc}/u.test(id) ? null : id;

/** What is wrong with a list of tools; null when it is one. */
export function toolListFault(tools: unknown): string | null {
  if (!Array.isArray(tools)) return 'must be a list of tools';
  if (tools.length > TOOLS_MAX_COUNT) return `must hold at most ${TOOLS_MAX_COUNT} tools`;
  const wrong = tools.findIndex((tool) => toolId(tool) === null);
  if (wrong >= 0) return `must hold tool ids, or objects with the id as their only key; number ${wrong} is neither`;
  return new TextEncoder().encode(JSON.stringify(tools)).length > TOOLS_MAX_BYTES
    ? `must be at most ${TOOLS_MAX_BYTES} bytes long as JSON`
    : null;
}
