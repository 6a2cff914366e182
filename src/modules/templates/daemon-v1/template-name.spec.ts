import { describe, expect, it } from '@jest/globals';
import { fileNameIn, nameFromFile, slugOf } from './template-name.js';

describe('slugOf', () => {
  it.each([
    ['researcher', 'researcher'],
    ['Web Researcher', 'web-researcher'],
    ['project_manager', 'project-manager'],
    ['  Größe & Ähnliches! ', 'gro-e-ahnliches'],
    ['日本', ''],
    ['x'.repeat(62) + '-yz', 'x'.repeat(62)],
  ])('makes %j to %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });
});

describe('nameFromFile', () => {
  it.each([
    ['ada.yaml', 'ada'],
    ['agents/templates/mini-ada.yml', 'mini-ada'],
    ['C:\\agents\\Solo.JSON', 'solo'],
    ['v1.2.yaml', 'v1-2'],
    ['', ''],
    ['.yaml', ''],
  ])('takes %j from %j', (fileName, name) => {
    expect(nameFromFile(fileName)).toBe(name);
  });
});

describe('fileNameIn', () => {
  it.each([
    [undefined, null],
    ['attachment', null],
    ['attachment; filename=ada.yaml', 'ada.yaml'],
    ['attachment; filename="web \\"x\\".yaml"; size=3', 'web "x".yaml'],
    ['attachment; filename="fallback.yaml"; filename*=UTF-8\'\'%C3%A4da.yaml', 'äda.yaml'],
    ["attachment; filename*=utf-8''%zz.yaml", null],
  ])('finds %j to hold %j', (header, fileName) => {
    expect(fileNameIn(header)).toBe(fileName);
  });
});
