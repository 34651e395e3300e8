// What a message says, by its kind.
import { lazy, Suspense } from 'react';
import { useT } from '../../i18n';
import classes from './Body.module.css';
import { cards } from './cards';
import { FileLine, Picture, Voice } from './Files';
import { ForwardCard } from './ForwardCard';
import type { Message } from './model';
import { Words } from './Words';

export function Body({ message }: { message: Message }) {
  const t = useT();
  switch (message.kind) {
    case 'text':
      return <Words text={message.text} mentions={message.mentions} all={message.all ?? false} />;
    case 'picture':
    case 'file':
      return (
        <div className={classes.files}>
          {message.files.map((file) =>
            message.kind === 'picture' ? (
              <Picture key={file.id} file={file} />
            ) : (
              <FileLine key={file.id} file={file} />
            ),
          )}
          {message.text && (
            <Words text={message.text} mentions={message.mentions} all={message.all ?? false} />
          )}
        </div>
      );
    case 'voice':
      return message.files[0] ? <Voice file={message.files[0]} length={message.text} /> : null;
    case 'forward':
      return <ForwardCard message={message} />;
    case 'card':
      return <CardSlot message={message} />;
    default:
      return <span className={classes.unknown}>{t('chat.unknownKind')}</span>;
  }
}

const loaded = Object.fromEntries(Object.entries(cards).map(([kind, load]) => [kind, lazy(load)]));

/** A card of another module: its own view if there is one, else title and fields. */
function CardSlot({ message }: { message: Message }) {
  const card = message.card;
  if (!card) return <>{message.text}</>;
  const View = Object.hasOwn(loaded, card.kind) ? loaded[card.kind] : undefined;
  const plain = (
    <div className={classes.card}>
      <strong>{card.title}</strong>
      <dl>
        {card.fields.map((f) => (
          <div key={f.label}>
            <dt>{f.label}</dt>
            <dd>{f.value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
  return View ? (
    <Suspense fallback={plain}>
      <View card={card} />
    </Suspense>
  ) : (
    plain
  );
}
