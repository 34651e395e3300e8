// What goes with a message: a file, a picture, a voice, a sign, and what is asked of those who read it.
import { lazy, Suspense, useRef, useState } from 'react';
import { useT } from '../../i18n';
import { Icon, type IconName } from '../../ui/Icon';
import { usePhone } from '../../ui/media';
import classes from './ComposerOptions.module.css';

const EmojiPicker = lazy(() => import('./EmojiPicker'));

export type OptionState = { receipt: boolean; urgent: boolean };

type Props = {
  value: OptionState;
  onChange: (value: OptionState) => void;
  onFiles: (files: File[]) => void;
  onRecord: () => void;
  onText: (text: string) => void;
  /** Nobody can be asked for anything here. */
  plain: boolean;
  many: boolean;
};

const mayRecord = () => 'MediaRecorder' in globalThis && navigator.mediaDevices !== undefined;

export function Options(props: Props) {
  const t = useT();
  const phone = usePhone();
  const [open, setOpen] = useState(false);
  if (!phone) return <Tools {...props} />;
  return (
    <>
      <Tool icon="plus" label={t('chat.more')} pressed={open} onPress={() => setOpen(!open)} />
      {open && (
        <div className={classes.drawer}>
          <Tools
            {...props}
            onFiles={(files) => {
              setOpen(false);
              props.onFiles(files);
            }}
            onRecord={() => {
              setOpen(false);
              props.onRecord();
            }}
          />
        </div>
      )}
    </>
  );
}

function Tools({ value, onChange, onFiles, onRecord, onText, plain, many }: Props) {
  const t = useT();
  const file = useRef<HTMLInputElement>(null);
  const picture = useRef<HTMLInputElement>(null);
  const [emojis, setEmojis] = useState(false);
  const chosen = (event: React.ChangeEvent<HTMLInputElement>) => {
    onFiles([...(event.currentTarget.files ?? [])]);
    event.currentTarget.value = '';
  };
  return (
    <>
      <span className={classes.holder}>
        <Tool icon="smile" label={t('chat.emoji')} pressed={emojis} onPress={() => setEmojis(!emojis)} />
        {emojis && (
          <Suspense fallback={null}>
            <EmojiPicker onPick={onText} onClose={() => setEmojis(false)} />
          </Suspense>
        )}
      </span>
      {many && <Tool icon="at" label={t('chat.mention')} onPress={() => onText('@')} />}
      <Tool icon="picture" label={t('chat.picture')} onPress={() => picture.current?.click()} />
      <Tool icon="clip" label={t('chat.file')} onPress={() => file.current?.click()} />
      {mayRecord() && <Tool icon="mic" label={t('chat.voice')} onPress={onRecord} />}
      {!plain && (
        <>
          <Tool
            icon="receipt"
            label={t('chat.askReceipt')}
            pressed={value.receipt}
            onPress={() => onChange({ ...value, receipt: !value.receipt })}
          />
          <Tool
            icon="urgent"
            label={t('chat.urgent')}
            pressed={value.urgent}
            onPress={() => onChange({ ...value, urgent: !value.urgent })}
          />
        </>
      )}
      <input ref={file} type="file" multiple hidden onChange={chosen} />
      <input ref={picture} type="file" accept="image/*" multiple hidden onChange={chosen} />
    </>
  );
}

type ToolProps = { icon: IconName; label: string; pressed?: boolean; onPress: () => void };

function Tool({ icon, label, pressed, onPress }: ToolProps) {
  return (
    <button
      type="button"
      className={classes.tool}
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      onClick={onPress}
    >
      <Icon name={icon} size={20} />
      <span className={classes.label}>{label}</span>
    </button>
  );
}
