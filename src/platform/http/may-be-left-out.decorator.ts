import { ValidateIf } from 'class-validator';

/** May be left out, but not be null. (IsOptional lets null pass.) */
export const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_object, value) => value !== undefined);
