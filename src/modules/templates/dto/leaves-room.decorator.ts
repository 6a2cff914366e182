import { ValidateBy } from 'class-validator';
import { collisions } from '../daemon-v1/file-fields.js';

/** Extensions may not say again what the fields of a template say. */
export const LeavesRoom = (): PropertyDecorator =>
  ValidateBy({
    name: 'leavesRoom',
    validator: {
      validate: (value: unknown) => collisions(value).length === 0,
      defaultMessage: (asked) =>
        `must not hold ${collisions(asked?.value).join(', ')}: the template has fields of its own for that`,
    },
  });
