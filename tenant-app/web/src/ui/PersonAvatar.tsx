// A person's picture, or the last characters of the name on a colour of their own.
import classes from './PersonAvatar.module.css';

const tones = 8;

/** The same person has the same colour everywhere. */
export function toneOf(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return sum % tones;
}

type Props = { id: string; text: string; src?: string | undefined; size?: number; muted?: boolean };

export function PersonAvatar({ id, text, src, size = 36, muted = false }: Props) {
  return (
    <span
      className={classes.avatar}
      data-tone={toneOf(id)}
      data-muted={muted || undefined}
      style={{ width: size, height: size, fontSize: Math.round(size * (text.length > 1 ? 0.36 : 0.44)) }}
      aria-hidden="true"
    >
      {src ? <img src={src} alt="" width={size} height={size} loading="lazy" /> : text}
    </span>
  );
}
