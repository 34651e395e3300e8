// What was forwarded as one, message by message.
import { useMe } from '../../app/session';
import { useLanguage } from '../../i18n';
import { formatTime } from '../../i18n/format';
import { Dialog } from '../../ui/Dialog';
import { FileLine, Picture } from './Files';
import classes from './ForwardedDialog.module.css';
import type { Merged, MergedItem } from './model';
import { mergedSaid } from './rows';
import { lineOf } from './sentences';
import { Words } from './Words';

export default function ForwardedDialog({ forward, onClose }: { forward: Merged; onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Dialog title={forward.title || t('chat.forwarded')} onClose={onClose}>
      <ol className={classes.lines}>
        {forward.items.map((item) => (
          <Line key={`${item.at} ${item.author} ${item.text}`} item={item} />
        ))}
      </ol>
    </Dialog>
  );
}

function Line({ item }: { item: MergedItem }) {
  const { t, lang } = useLanguage();
  const { timezone } = useMe();
  const files = item.files ?? [];
  return (
    <li className={classes.line}>
      <p className={classes.who}>
        {item.author}
        <time dateTime={item.at}>{formatTime(lang, item.at, timezone)}</time>
      </p>
      {item.kind === 'text' && <Words text={item.text ?? ''} mentions={[]} all={false} />}
      {item.kind !== 'text' && files.length === 0 && lineOf(mergedSaid(item), t)}
      {files.map((file) =>
        item.kind === 'picture' ? (
          <Picture key={file.id} file={file} />
        ) : (
          <FileLine key={file.id} file={file} />
        ),
      )}
    </li>
  );
}
