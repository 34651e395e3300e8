// A suggestion as a card in chat.
import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { useT } from '../../i18n';
import classes from '../approval/Card.module.css';
import type { Card as Shown } from '../chat/model';
import { isState } from './model';
import { State } from './State';

export default function Card({ card }: { card: Shown }) {
  const t = useT();
  return (
    <div className={classes.card}>
      <p className={classes.title}>
        <strong>{card.title}</strong>
        {isState(card.state) && <State state={card.state} />}
      </p>
      <dl>
        {card.fields.map((f) => (
          <div key={f.label}>
            <dt>{f.label}</dt>
            <dd>{f.value}</dd>
          </div>
        ))}
      </dl>
      <div className={classes.actions}>
        <Button component={Link} href={`/work/suggestions/${card.ref}`} variant="default" fullWidth>
          {t('approval.look')}
        </Button>
      </div>
    </div>
  );
}
