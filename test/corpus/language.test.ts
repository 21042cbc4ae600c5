import { describe, expect, it } from 'vitest';
import { contentKind, detectLanguage, languageNames, resolveLanguage } from '#dist/lib/corpus/language.js';

describe('the language of a file', () => {
  it.each([
    ['src/a.ts', 'typescript'],
    ['a.TSX', 'tsx'],
    ['a.d.mts', 'typescript'],
    ['deep/er/x.py', 'python'],
    ['Makefile', 'makefile'],
    ['Makefile.am', 'makefile'],
    ['docker/Dockerfile.dev', 'dockerfile'],
    ['CMakeLists.txt', 'cmake'],
    ['notes.txt', 'text'],
    ['README', 'text'],
    ['README.md', 'markdown'],
    ['LICENSE-MIT', 'text'],
    ['a.h', 'c'],
    ['a.hpp', 'cpp'],
    ['Gemfile', 'ruby'],
    ['go.mod', 'go-module'],
    ['unknown.xyz', 'text'],
    ['no-extension', 'text'],
  ])('of %s is %s by its name', (path, language) => {
    expect(detectLanguage(path, '')).toBe(language);
  });

  it.each([
    ['#!/bin/bash', 'shell'],
    ['#!/usr/bin/env python3', 'python'],
    ['#!/usr/bin/env -S FOO=1 python3.11 -u', 'python'],
    ['#!/usr/local/bin/node --no-warnings', 'javascript'],
    ['#! /usr/bin/perl -w\r', 'perl'],
    ['#!/opt/unknown', 'text'],
    ['#!', 'text'],
  ])('of a script is told by its first line %s', (firstLine, language) => {
    expect(detectLanguage('bin/tool', firstLine)).toBe(language);
  });

  it('is by its extension even where the first line names a program', () => {
    expect(detectLanguage('a.ts', '#!/usr/bin/env node')).toBe('typescript');
  });
});

describe('language names', () => {
  it('are found under what people type', () => {
    expect(['ts', 'JS', 'py', 'md', 'c++', 'C#', 'golang', 'sh', 'yml', '.rs'].map(resolveLanguage)).toEqual([
      'typescript',
      'javascript',
      'python',
      'markdown',
      'cpp',
      'csharp',
      'go',
      'shell',
      'yaml',
      'rust',
    ]);
    expect(resolveLanguage('klingon')).toBeUndefined();
  });

  it('are unique, in order, and resolve to themselves', () => {
    const names = languageNames();
    expect(names.length).toBeGreaterThan(90);
    expect(names).toEqual([...new Set(names)].toSorted());
    expect(names.map(resolveLanguage)).toEqual(names);
  });

  it('say what kind of content it is', () => {
    expect(['typescript', 'json', 'markdown', 'text', 'unheard-of'].map(contentKind)).toEqual([
      'code',
      'code',
      'markdown',
      'prose',
      'prose',
    ]);
  });
});
