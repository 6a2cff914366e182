import { ValidateBy } from 'class-validator';

/** A whole number in a range; whatever is wrong with it is one fault. */
export const IsWholeNumber = (min: number, max: number): PropertyDecorator =>
  ValidateBy({
    name: 'isWholeNumber',
    validator: {
      validate: (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
      defaultMessage: () => `must be a whole number from ${min} to ${max}`,
    },
  });
