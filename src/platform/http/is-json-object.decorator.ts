import { ValidateBy } from 'class-validator';
import { jsonFaults } from '../../domain/json-faults.js';

/**
 * A JSON object of at most `maxBytes` bytes as compact JSON, nested at most `maxDepth` levels deep.
 */
export function IsJsonObject(limits: { maxBytes: number; maxDepth: number }): PropertyDecorator {
  const fault = (value: unknown): string | null => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
    const [first] = jsonFaults(value, limits.maxDepth);
    if (first !== undefined) return `is not plain JSON at ${first.pointer}: ${first.detail}`;
    const bytes = Buffer.byteLength(JSON.stringify(value), 'utf8');
    return bytes > limits.maxBytes ? `must be at most ${limits.maxBytes} bytes long as JSON; it is ${bytes}` : null;
  };
  return ValidateBy({
    name: 'isJsonObject',
    validator: {
      validate: (value: unknown) => fault(value) === null,
      defaultMessage: (asked) => fault(asked?.value) ?? 'must be a JSON object',
    },
  });
}
