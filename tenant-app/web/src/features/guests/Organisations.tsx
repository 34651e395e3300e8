// 外部单位: the customers, suppliers and partners to whom outsiders belong.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Organisation } from '../../api/types';
import { useMay } from '../../app/session';
import { type Key, useT } from '../../i18n';
import { ActionMenu } from '../../ui/ActionMenu';
import { Confirm } from '../../ui/Confirm';
import { Icon } from '../../ui/Icon';
import panel from '../../ui/Panel.module.css';
import { Blank, Failed, SkeletonRows } from '../../ui/states';
import { closeOrganisation, organisationsQuery, useGuestChange } from './queries';

const OrganisationDialog = lazy(() => import('./OrganisationDialog'));

type Open = { what: 'add' | 'edit' | 'close'; organisation?: Organisation };

export default function Organisations() {
  const t = useT();
  const { data, error, refetch } = useQuery(organisationsQuery);
  const [open, setOpen] = useState<Open>();
  if (!data) return error ? <Failed error={error} retry={() => void refetch()} /> : <SkeletonRows />;
  const close = () => setOpen(undefined);
  return (
    <>
      <div>
        <Button
          variant="light"
          leftSection={<Icon name="plus" size={16} />}
          onClick={() => setOpen({ what: 'add' })}
        >
          {t('guests.newOrganisation')}
        </Button>
      </div>
      {data.items.length === 0 ? (
        <Blank icon="building" title={t('guests.noOrganisations')} />
      ) : (
        <ul className={panel.rows}>
          {data.items.map((organisation) => (
            <Row key={organisation.id} organisation={organisation} onOpen={setOpen} />
          ))}
        </ul>
      )}
      {(open?.what === 'add' || open?.what === 'edit') && (
        <Suspense fallback={null}>
          <OrganisationDialog organisation={open.organisation} onClose={close} />
        </Suspense>
      )}
      {open?.what === 'close' && open.organisation && (
        <Close organisation={open.organisation} onClose={close} />
      )}
    </>
  );
}

function Row({ organisation, onOpen }: { organisation: Organisation; onOpen: (open: Open) => void }) {
  const t = useT();
  const may = useMay();
  return (
    <li className={panel.row}>
      <span className={panel.main}>
        {organisation.name}
        <span className={panel.sub}>{t('guests.people', { count: organisation.guests })}</span>
      </span>
      <span className={panel.tag}>{t(`guests.kind.${organisation.kind}` as Key)}</span>
      {may('directory.manage') && (
        <ActionMenu
          label={t('guests.actions', { name: organisation.name })}
          actions={[
            { label: t('guests.edit'), icon: 'edit', run: () => onOpen({ what: 'edit', organisation }) },
            {
              label: t('guests.closeOrganisation'),
              icon: 'trash',
              run: () => onOpen({ what: 'close', organisation }),
              danger: true,
            },
          ]}
        />
      )}
    </li>
  );
}

function Close({ organisation, onClose }: { organisation: Organisation; onClose: () => void }) {
  const t = useT();
  const end = useGuestChange(closeOrganisation, 'guests.organisationClosed');
  return (
    <Confirm
      title={t('guests.closeOrganisation')}
      text={t('guests.closeText', { name: organisation.name })}
      confirm={t('guests.closeOrganisation')}
      danger
      busy={end.isPending}
      onConfirm={() => end.mutate(organisation, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
