// Somebody else saved first: nothing is lost, the person decides.
import { Button } from '@mantine/core';
import { useT } from '../../../i18n';
import { Blank } from '../../../ui/states';

export function Conflict({
  onTheirs,
  onMine,
  busy,
}: {
  onTheirs: () => void;
  onMine: () => void;
  busy: boolean;
}) {
  const t = useT();
  return (
    <Blank
      icon="people"
      title={t('conflict.title')}
      text={t('conflict.text')}
      action={
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 10, justifyContent: 'center' }}>
          <Button variant="default" onClick={onTheirs}>
            {t('conflict.theirs')}
          </Button>
          <Button loading={busy} onClick={onMine}>
            {t('conflict.mine')}
          </Button>
        </div>
      }
    />
  );
}
