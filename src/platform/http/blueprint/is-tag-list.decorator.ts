import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, IsArray } from 'class-validator';
import { TAG_MAX_LENGTH, TAGS_MAX_COUNT } from '../../../domain/templates/limits.js';
import { IsText } from '../is-text.decorator.js';

/** Tags, or labels, of a template, a seat or an agent. */
export const IsTagList = (mostTags = TAGS_MAX_COUNT): PropertyDecorator =>
  applyDecorators(IsText({ maxLength: TAG_MAX_LENGTH, minLength: 1, each: true }), ArrayMaxSize(mostTags), IsArray());
