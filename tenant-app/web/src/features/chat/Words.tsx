// A text with its links and with those whom it calls.
import { Fragment } from 'react';
import { useMe } from '../../app/session';
import { type Piece, piecesOf } from './pieces';
import classes from './Words.module.css';

type Props = { text: string; mentions: { id: string; name: string }[]; all: boolean };

export function Words({ text, mentions, all }: Props) {
  return (
    <span className={classes.words}>
      {piecesOf(text, mentions, all).map((piece) => (
        <Fragment key={piece.at}>
          <Part piece={piece} />
        </Fragment>
      ))}
    </span>
  );
}

function Part({ piece }: { piece: Piece }) {
  const me = useMe();
  if (piece.kind === 'link') {
    return (
      <a href={piece.text} target="_blank" rel="noopener noreferrer" className={classes.link}>
        {piece.text}
      </a>
    );
  }
  if (piece.kind === 'mention') {
    const called = piece.person === me.personId || piece.person === 'all';
    return (
      <span className={classes.mention} data-me={called || undefined}>
        {piece.text}
      </span>
    );
  }
  return <>{piece.text}</>;
}
