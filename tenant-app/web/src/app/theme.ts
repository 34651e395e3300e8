// The look: a calm spruce green on paper tones. The login page uses the same values.
import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const spruce: MantineColorsTuple = [
  '#eef6f2',
  '#dcece4',
  '#b9d9cb',
  '#92c4af',
  '#6fb096',
  '#509b7f',
  '#2a7a60',
  '#1f6f56',
  '#175845',
  '#0f4133',
];
const dark: MantineColorsTuple = [
  '#e3ebe7',
  '#c9d5cf',
  '#9caaa3',
  '#7b8a83',
  '#3a4841',
  '#2e3a34',
  '#222b27',
  '#19201d',
  '#111614',
  '#0b0f0d',
];

export const schemeManager = localStorageColorSchemeManager({ key: 'atrium-scheme' });

export const theme = createTheme({
  colors: { spruce, dark },
  primaryColor: 'spruce',
  primaryShade: { light: 7, dark: 6 },
  white: '#ffffff',
  black: '#1b2420',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif',
  headings: { fontWeight: '600' },
});

// Mantine's own tokens follow ours, which tokens.css sets for both schemes.
const follow = {
  '--mantine-color-body': 'var(--at-surface)',
  '--mantine-color-text': 'var(--at-text)',
  '--mantine-color-dimmed': 'var(--at-dim)',
  '--mantine-color-placeholder': 'var(--at-dim)',
  '--mantine-color-anchor': 'var(--at-accent)',
  '--mantine-color-default-border': 'var(--at-border)',
  '--mantine-color-default-hover': 'var(--at-raised)',
  '--mantine-color-error': 'var(--at-danger)',
  '--mantine-color-spruce-light': 'var(--at-accent-soft)',
  '--mantine-color-spruce-light-hover': 'color-mix(in srgb, var(--at-accent-soft) 85%, var(--at-accent))',
  '--mantine-color-spruce-light-color': 'var(--at-accent)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: follow, dark: follow });
