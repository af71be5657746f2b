// Rules for the page's JavaScript. They check what the code means, not how it is formatted.

import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'arrow-body-style': 'error',
      complexity: ['error', 12],
      curly: ['error', 'multi-line'],
      'default-param-last': 'error',
      eqeqeq: 'error',
      'no-else-return': 'error',
      'no-implicit-coercion': 'error',
      'no-lonely-if': 'error',
      'no-param-reassign': 'error',
      'no-promise-executor-return': 'error',
      'no-redeclare': 'error',
      // These names are also properties of window. Without this rule, using such a name without
      // declaring it would therefore go unnoticed.
      'no-restricted-globals': ['error', 'event', 'name', 'status', 'top', 'parent', 'length', 'find', 'stop', 'open', 'close'],
      'no-return-assign': 'error',
      'no-sequences': 'error',
      'no-shadow': 'error',
      'no-template-curly-in-string': 'error',
      'no-undef-init': 'error',
      'no-unneeded-ternary': 'error',
      'no-unused-expressions': 'error',
      'no-unused-vars': ['error', { args: 'all', caughtErrors: 'all' }],
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-useless-computed-key': 'error',
      'no-useless-concat': 'error',
      'no-useless-rename': 'error',
      'no-useless-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-arrow-callback': 'error',
      'prefer-const': 'error',
      'prefer-object-spread': 'error',
      'prefer-promise-reject-errors': 'error',
      'prefer-rest-params': 'error',
      'prefer-spread': 'error',
      'prefer-template': 'error',
      radix: 'error',
      'require-await': 'error',
    },
  },
  { files: ['**/theme.js'], languageOptions: { sourceType: 'script' } },
];
