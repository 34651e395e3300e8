// Files, pictures and voices in a message.
import { lazy, Suspense, useRef, useState } from 'react';
import { useLanguage, useT } from '../../i18n';
import { formatSize } from '../../i18n/format';
import { Icon } from '../../ui/Icon';
import classes from './Files.module.css';
import type { FileRef } from './model';

const Viewer = lazy(() => import('./Viewer'));

/** Where the bytes are; the server decides by its own rights who gets them. */
export const fileAddress = (file: FileRef): string => `/files/${file.id}/${encodeURIComponent(file.name)}`;

const endingOf = (name: string) => /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toUpperCase() ?? '';

export function FileLine({ file, busy }: { file: FileRef; busy?: boolean }) {
  const { lang, t } = useLanguage();
  const inside = (
    <>
      <span className={classes.sign}>{endingOf(file.name) || <Icon name="file" />}</span>
      <span className={classes.about}>
        <span className={classes.name}>{file.name}</span>
        <span className={classes.size}>{formatSize(lang, file.size)}</span>
      </span>
      {!busy && <Icon name="download" size={16} />}
    </>
  );
  if (busy) return <span className={classes.file}>{inside}</span>;
  return (
    <a className={classes.file} href={fileAddress(file)} download={file.name} title={t('chat.download')}>
      {inside}
    </a>
  );
}

const widest = 280;
const highest = 320;

/** The size on screen, known before the picture is there, so that nothing jumps. */
export function pictureSize(file: Pick<FileRef, 'width' | 'height'>): { width: number; height: number } {
  const width = file.width || 200;
  const height = file.height || 150;
  const scale = Math.min(1, widest / width, highest / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

export function Picture({ file, src }: { file: FileRef; src?: string }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const { width, height } = pictureSize(file);
  return (
    <>
      <button
        type="button"
        className={classes.picture}
        style={{ width, height }}
        onClick={() => setOpen(true)}
        aria-label={t('chat.openPicture', { name: file.name })}
      >
        <img
          src={src ?? file.preview ?? fileAddress(file)}
          alt=""
          width={width}
          height={height}
          loading="lazy"
        />
      </button>
      {open && (
        <Suspense fallback={null}>
          <Viewer file={file} src={src} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

export function Voice({ file, length, src }: { file: FileRef; length: string; src?: string }) {
  const t = useT();
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const toggle = () => {
    if (playing) audio.current?.pause();
    else void audio.current?.play().catch(() => setPlaying(false));
  };
  return (
    <span className={classes.voice}>
      <button type="button" onClick={toggle} aria-label={t(playing ? 'chat.pause' : 'chat.play')}>
        <Icon name={playing ? 'stop' : 'play'} size={16} />
      </button>
      <span className={classes.wave} data-playing={playing || undefined} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
        <i />
      </span>
      {length}
      {/* biome-ignore lint/a11y/useMediaCaption: what somebody said has no captions */}
      <audio
        ref={audio}
        src={src ?? fileAddress(file)}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
      />
    </span>
  );
}
