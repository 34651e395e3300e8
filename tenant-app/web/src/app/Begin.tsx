// ＋ of the phone: what can be begun from anywhere.
import { Link } from 'wouter';
import { useT } from '../i18n';
import { Icon } from '../ui/Icon';
import { Sheet } from '../ui/Sheet';
import classes from './Begin.module.css';
import { beginnings, visibleTo } from './places';
import { useMe } from './session';

export default function Begin({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { rights } = useMe();
  return (
    <Sheet label={t('shell.begin')} onClose={onClose}>
      <ul className={classes.list}>
        {beginnings.filter(visibleTo(rights)).map((b) => (
          <li key={b.path}>
            <Link href={b.path} onClick={onClose}>
              <span className={classes.sign}>
                <Icon name={b.icon} size={24} />
              </span>
              {t(b.label)}
            </Link>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
