// Records a voice message, where the browser can.
import { useCallback, useEffect, useRef, useState } from 'react';
import { newId } from '../../api/id';
import { useT } from '../../i18n';
import type { OutboxBlob } from '../../offline/outbox';
import { Icon } from '../../ui/Icon';
import { notify } from '../../ui/notices';
import classes from './Recorder.module.css';

const longestS = 120;
const types = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];

/** 0:07 */
export const lengthText = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

type Props = { onDone: (blob: OutboxBlob, length: string) => void; onClose: () => void };

export default function Recorder({ onDone, onClose }: Props) {
  const t = useT();
  const recorder = useRef<MediaRecorder>(undefined);
  const chunks = useRef<Blob[]>([]);
  const [seconds, setSeconds] = useState(0);

  useEffect(() => {
    let stream: MediaStream | undefined;
    let gone = false;
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (gone) return stop(stream);
      const type = types.find((x) => MediaRecorder.isTypeSupported(x));
      const made = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 24_000 } : {});
      made.ondataavailable = (event) => chunks.current.push(event.data);
      made.start(500);
      recorder.current = made;
    };
    begin().catch(() => {
      notify({ tone: 'bad', text: t('chat.noMicrophone') });
      onClose();
    });
    return () => {
      gone = true;
      if (stream) stop(stream);
    };
  }, [t, onClose]);

  const finish = useCallback(() => {
    const made = recorder.current;
    if (!made || made.state === 'inactive') return onClose();
    made.onstop = () => {
      const type = made.mimeType.split(';')[0] ?? 'audio/webm';
      const data = new Blob(chunks.current, { type });
      const ending = type === 'audio/mp4' ? 'm4a' : (type.split('/')[1] ?? 'webm');
      onDone({ id: newId(), name: `voice.${ending}`, type, data }, lengthText(seconds));
    };
    made.stop();
  }, [onDone, onClose, seconds]);

  useEffect(() => {
    const timer = setInterval(() => setSeconds((s) => s + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (seconds >= longestS) finish();
  }, [seconds, finish]);

  return (
    <div className={classes.bar}>
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.time} role="timer">
        {t('chat.recording', { length: lengthText(seconds) })}
      </span>
      <button type="button" onClick={onClose}>
        {t('action.cancel')}
      </button>
      <button type="button" className={classes.send} onClick={finish} disabled={seconds < 1}>
        <Icon name="send" size={16} /> {t('chat.send')}
      </button>
    </div>
  );
}

function stop(stream: MediaStream) {
  for (const track of stream.getTracks()) track.stop();
}
